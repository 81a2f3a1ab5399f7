"""What is looked at before anything is asked of the toolkit."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_noop as _

from groupware.core.proxies import is_secure

CLEAR: Final = _("Tokens are given over TLS only: use the https address of this server.")


def is_private(request: HttpRequest) -> bool:
    """Tell whether a request came over TLS, or the admin lets credentials come without.

    Nothing of OAuth goes in the clear (RFC 6749 §3.1, §3.2).
    """
    return is_secure(request.META) or bool(settings.GROUPWARE_ALLOW_PLAINTEXT)


def check_text(request: HttpRequest) -> None:
    """Raise ValueError for what PostgreSQL has no text for: NUL."""
    for form in (request.GET, request.POST):
        for _name, values in form.lists():
            if any("\0" in str(value) for value in values):
                raise ValueError("a NUL in a form")
