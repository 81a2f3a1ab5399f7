"""The URLs below /oauth/."""

from django.urls import URLPattern, path

from groupware.oauth.views.consent import ConsentView
from groupware.oauth.views.tokens import RevocationEndpoint, TokenEndpoint

app_name = "oauth"
urlpatterns: list[URLPattern] = [
    path("authorize/", ConsentView.as_view(), name="authorize"),
    path("token/", TokenEndpoint.as_view(), name="token"),
    path("revoke/", RevocationEndpoint.as_view(), name="revoke"),
]
