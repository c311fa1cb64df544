"""Mounts the URL modules; the only reader of both apps' urls."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from esa import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("posts.urls")),
    path("", include("teams.urls")),
    path("accounts/", include("allauth.urls")),
    path("operator/", admin.site.urls),
    path("maintenance/bypass/<str:token>", views.bypass_maintenance, name="maintenance_bypass"),
    path("diagram-frame", views.diagram_frame, name="diagram_frame"),
]
handler404 = "esa.views.not_found"
handler403 = "esa.views.forbidden"
handler500 = "esa.views.server_error"
