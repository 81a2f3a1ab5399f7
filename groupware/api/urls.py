"""Every URL below /api/: the schema, its documentation, and each app's own."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from groupware.api import devices, views
from groupware.api.push.views import Events

v1: list[URLPattern | URLResolver] = [
    path("schema/", views.SchemaView.as_view(), name="api-schema"),
    path("events", Events.as_view(), name="api-events"),
    path("me/devices", devices.OwnDeviceList.as_view(), name="api-me-devices"),
    path("docs/", views.docs, name="api-docs"),
    path("docs/problems", views.problem_page, name="api-problems"),
    path("", include("mail.api.urls")),
    path("admin/", include("groupware.api.admin.urls")),
    path("", include("contacts.api.urls")),
    path("", include("calendar_app.api.urls")),
    path("", include("groupware.identity.api.urls")),
    path("", include("groupware.oauth.api.urls")),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", include(v1)),
    # What leads nowhere is told in the one form of errors as well.
    re_path("", views.NowhereView.as_view(), name="api-nowhere"),
]
