from django.contrib import admin
from django.urls import include, path

handler500 = "config.outages.broke"
urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("generations.urls")),
]
