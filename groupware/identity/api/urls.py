"""The URLs of one's own account below /api/v1/me."""

from django.urls import URLPattern, path

from groupware.identity.api import apppasswords, browsers, factors, profile
from groupware.rest import paths

paths.register()

urlpatterns: list[URLPattern] = [
    path("me", profile.ProfileView.as_view(), name="api-me"),
    path("me/password", profile.OwnPasswordView.as_view(), name="api-me-password"),
    path("me/second-factor", factors.SecondFactorView.as_view(), name="api-me-second-factor"),
    path(
        "me/second-factor/confirmation",
        factors.ConfirmationView.as_view(),
        name="api-me-second-factor-confirmation",
    ),
    path(
        "me/second-factor/removal",
        factors.RemovalView.as_view(),
        name="api-me-second-factor-removal",
    ),
    path("me/recovery-codes", factors.RecoveryCodesView.as_view(), name="api-me-recovery-codes"),
    path(
        "me/app-passwords", apppasswords.OwnAppPasswordList.as_view(), name="api-me-app-passwords"
    ),
    path(
        "me/app-passwords/<oid:app_password_id>",
        apppasswords.OwnAppPasswordView.as_view(),
        name="api-me-app-password",
    ),
    path("me/sessions", browsers.BrowserList.as_view(), name="api-me-sessions"),
    path("me/sessions/<key:session_id>", browsers.BrowserView.as_view(), name="api-me-session"),
]
