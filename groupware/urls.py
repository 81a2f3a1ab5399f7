"""Every URL of the web role."""

from django.urls import URLPattern, URLResolver, path

from groupware.web import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.front_page, name="front-page"),
    path("healthz", views.healthz, name="healthz"),
    path("metrics", views.metrics, name="metrics"),
]
