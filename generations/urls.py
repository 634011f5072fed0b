from django.urls import path, register_converter

from generations.api.routes import api
from generations.converters import MonthConverter
from generations.views import (
    approvals,
    books,
    create,
    gallery,
    images,
    limits,
    live,
    prices,
    receipt,
    reconciliation,
    requests,
    sources,
    statement,
    usage,
)

register_converter(MonthConverter, "month")

urlpatterns = [
    path("v1/", api.urls),
    path("", create.create, name="create"),
    path("composer/", create.composer, name="composer"),
    path("price/", create.price, name="price"),
    path("requests/<uuid:request_id>/", requests.request_page, name="request"),
    path("requests/<uuid:request_id>/cancel/", requests.cancel, name="request-cancel"),
    path("requests/<uuid:request_id>/retry/", requests.retry, name="request-retry"),
    path("gallery/", gallery.mine, name="gallery"),
    path("team/", gallery.team, name="team-gallery"),
    path("i/<uuid:image_id>/", images.image, name="image"),
    path("i/<uuid:image_id>/file/<slug:name>/", images.file, name="image-file"),
    path("i/<uuid:image_id>/report/", images.report, name="image-report"),
    path("settings/limits/", limits.limits, name="team-limits"),
    path("settings/limits/roles/", limits.role_limits, name="role-limits"),
    path("settings/limits/<int:budget_id>/end/", limits.limit_end, name="limit-end"),
    path("operations/reconciliation/", reconciliation.reconciliation, name="reconciliation"),
    path("operations/reconciliation/run/", reconciliation.run, name="reconciliation-run"),
    path(
        "operations/reconciliation/resolve/", reconciliation.resolve, name="reconciliation-resolve"
    ),
    path("operations/prices/", prices.prices, name="prices"),
    path("operations/prices/read/", prices.refresh, name="prices-read"),
    path("operations/prices/<int:proposal_id>/", prices.decide, name="price-decide"),
    path("operations/prices/enter/", prices.enter, name="price-enter"),
    path("operations/prices/markups/", prices.mark_up, name="markup-set"),
    path("operations/prices/markups/<int:markup_id>/end/", prices.end_markup, name="markup-end"),
    path("requests/<uuid:request_id>/receipt/", receipt.receipt, name="receipt"),
    path("approvals/", approvals.approvals, name="approvals"),
    path("approvals/link/<str:token>/", approvals.approval_link, name="approval-link"),
    path("approvals/<uuid:request_id>/", approvals.approval, name="approval"),
    path("approvals/<uuid:request_id>/decide/", approvals.approval_decide, name="approval-decide"),
    path(
        "approvals/<uuid:request_id>/reference/<int:number>/",
        approvals.approval_reference,
        name="approval-reference",
    ),
    path("usage/", usage.usage, name="usage"),
    path("usage/credits/", sources.sources, name="sources"),
    path("usage/books/", books.books, name="books"),
    path("usage/books/check/", books.check, name="books-check"),
    path("usage/ledger/", usage.ledger, name="ledger"),
    path("usage/ledger.csv", usage.ledger_csv, name="ledger-csv"),
    path("usage/statement/<month:month>/", statement.statement, name="statement"),
    path("usage/statement/<month:month>.csv", statement.statement_csv, name="statement-csv"),
    path("events/", live.events, name="events"),
]
