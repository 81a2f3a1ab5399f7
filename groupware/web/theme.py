"""Light or dark, where a browser's person likes another than the device has: a cookie."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

THEMES = ("light", "dark")
COOKIE = "theme"
_YEAR = 365 * 86_400


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Keep what was chosen, or forget it, and lead back."""
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()})
    response = HttpResponseRedirect(wanted if wanted.startswith("/") and is_ours else "/")
    theme = request.POST.get("theme", "")
    if theme not in THEMES:
        response.delete_cookie(COOKIE)
        return response
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(COOKIE, theme, max_age=_YEAR, secure=secure, httponly=True, samesite="Lax")
    return response
