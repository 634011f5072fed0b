from django.urls import path

from generations.views import create, gallery, images, live, requests

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
    path("events/", live.events, name="events"),
]
