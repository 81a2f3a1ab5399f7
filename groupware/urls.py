"""Every URL of the web role."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from groupware.dav import public
from groupware.oauth.views import metadata
from groupware.panel.registry import site
from groupware.web import static, theme, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.front_page, name="front-page"),
    path("healthz", views.healthz, name="healthz"),
    path("metrics", views.metrics, name="metrics"),
    path("api/", include("groupware.api.urls")),
    path("oauth/", include("groupware.oauth.urls")),
    # RFC 8414 §3: how a client that knows the server's name alone finds the way to a token.
    path(".well-known/oauth-authorization-server", metadata.metadata, name="oauth-metadata"),
    path("static/<path:path>", static.serve_static, name="static"),
    path("language/", set_language, name="set_language"),
    path("account/", include("groupware.identity.urls")),
    path("account/", include("groupware.account.urls")),
    path("admin/", site.urls),
    path("theme/", theme.choose_theme, name="theme"),
    # Outside of /dav, whose door asks everybody who he is.
    path("public/<str:secret>.ics", public.calendar, name="public-calendar"),
    # RFC 6764 §5: how a client that knows the server's name alone finds the rest.
    path(".well-known/caldav", views.to_dav, name="well-known-caldav"),
    path(".well-known/carddav", views.to_dav, name="well-known-carddav"),
]

# What fails before any view is chosen, such as a Host that is none of ours, and what a view lets pass.
handler400 = "groupware.web.problems.bad_request"
handler403 = "groupware.web.problems.forbidden"
handler404 = "groupware.web.problems.not_found"
handler500 = "groupware.web.problems.broken"
