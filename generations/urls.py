from django.urls import path, register_converter

from generations.converters import MonthConverter
from generations.views import (
    create,
    gallery,
    images,
    limits,
    live,
    receipt,
    reconciliation,
    requests,
    statement,
    usage,
)

register_converter(MonthConverter, "month")

urlpatterns = [
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
    path("settings/limits/<int:budget_id>/end/", limits.limit_end, name="limit-end"),
    path("operations/reconciliation/", reconciliation.reconciliation, name="reconciliation"),
    path("operations/reconciliation/run/", reconciliation.run, name="reconciliation-run"),
    path(
        "operations/reconciliation/resolve/", reconciliation.resolve, name="reconciliation-resolve"
    ),
    path("requests/<uuid:request_id>/receipt/", receipt.receipt, name="receipt"),
    path("usage/", usage.usage, name="usage"),
    path("usage/ledger/", usage.ledger, name="ledger"),
    path("usage/ledger.csv", usage.ledger_csv, name="ledger-csv"),
    path("usage/statement/<month:month>/", statement.statement, name="statement"),
    path("usage/statement/<month:month>.csv", statement.statement_csv, name="statement-csv"),
    path("events/", live.events, name="events"),
]
