"""The URLs of applications and authorizations below /api/v1/."""

from django.urls import URLPattern, path

from groupware.oauth.api import applications, authorizations
from groupware.rest import paths

paths.register()

urlpatterns: list[URLPattern] = [
    path(
        "me/authorizations",
        authorizations.OwnAuthorizationList.as_view(),
        name="api-me-authorizations",
    ),
    path(
        "me/authorizations/<oid:authorization_id>",
        authorizations.OwnAuthorizationView.as_view(),
        name="api-me-authorization",
    ),
    path(
        "admin/applications", applications.ApplicationList.as_view(), name="api-admin-applications"
    ),
    path(
        "admin/applications/<oid:application_id>",
        applications.ApplicationView.as_view(),
        name="api-admin-application",
    ),
    path(
        "admin/accounts/<key:account_id>/authorizations",
        authorizations.AuthorizationList.as_view(),
        name="api-admin-authorizations",
    ),
    path(
        "admin/accounts/<key:account_id>/authorizations/<oid:held_authorization_id>",
        authorizations.AuthorizationView.as_view(),
        name="api-admin-authorization",
    ),
]
