"""The URLs below /account/."""

from django.urls import URLPattern, path

from groupware.identity.views import invitation, pages, security

urlpatterns: list[URLPattern] = [
    path("login/", pages.sign_in, name="sign-in"),
    path("login/code/", pages.code, name="sign-in-code"),
    path("login/oidc/", pages.to_provider, name="oidc"),
    path("login/oidc/callback/", pages.from_provider, name="oidc-callback"),
    path("invitation/<str:secret>/", invitation.invitation, name="invitation"),
    path("logout/", pages.sign_out, name="sign-out"),
    path("security/", security.security, name="security"),
    path("security/<slug:action>/", security.act, name="security-action"),
]
