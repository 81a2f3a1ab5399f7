"""Who asks for what opens an account proves anew who he is (docs/adr/0065).

A browser that signed in a moment ago has; everybody else sends the password, and where there is a
second factor a code of it. A token or an app password alone, which lie in programs, prove nothing.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from rest_framework import serializers
from rest_framework.request import Request

from groupware.core import auth
from groupware.core.errors import AuthenticationFailed, Throttled
from groupware.core.models import Account
from groupware.core.proxies import client_address
from groupware.identity.services import factors, sessions
from groupware.rest.authentication import SessionAuthentication
from groupware.rest.errors import ProofWanted

_HOW: Final = (
    "This opens the account: send your own `password` in the body, or sign in anew with a browser and"
    " do it there."
)
_CODE: Final = "A second factor is on: send a `code` of it as well."
_WRONG: Final = (
    "The password is not yours, or another system's: send the one that you sign in with here, or sign"
    " in anew with a browser and do it there."
)


class ProofSerializer(serializers.Serializer[Any]):
    """What proves who asks; a browser that signed in a moment ago needs none."""

    password = serializers.CharField(
        max_length=1_000,
        required=False,
        allow_blank=True,
        default="",
        trim_whitespace=False,
        write_only=True,
        help_text="Your own password: app passwords prove nothing here.",
    )
    code = serializers.CharField(
        max_length=64,
        required=False,
        allow_blank=True,
        default="",
        write_only=True,
        help_text="Where a second factor is on: a code of it, or a recovery code. Each is taken once.",
    )


def is_browser(request: Request) -> bool:
    """Tell whether it is the session of a browser that a request was let in by."""
    return isinstance(request.successful_authenticator, SessionAuthentication)


def is_fresh(request: Request) -> bool:
    """Tell whether a request comes from a browser that proved who it is a moment ago."""
    return is_browser(request) and sessions.is_fresh(request._request.session)  # noqa: SLF001 (Django's own has it)


def require(request: Request, account: Account, given: Mapping[str, Any]) -> None:
    """Raise `ProofWanted`, or `Throttled`, unless who asks has proven who he is.

    A code that proves it is used up by that: look at everything else before.
    """
    if is_fresh(request):
        return
    require_password(request, account, given)
    if account.second_factor:
        require_code(request, account, given)


def require_password(request: Request, account: Account, given: Mapping[str, Any]) -> None:
    """Raise `ProofWanted` unless the account's password was sent, and a code where one is due.

    That a code is missing is said first, so that a password is not told to be right without one.
    """
    if not given["password"]:
        raise ProofWanted(_HOW)
    if account.second_factor and not given["code"]:
        raise ProofWanted(_CODE)
    with refusing(_WRONG):
        auth.prove_password(account.login, given["password"], network=_network(request))


def require_code(request: Request, account: Account, given: Mapping[str, Any]) -> None:
    """Raise `ProofWanted` unless a code of the second factor was sent, which is used up by it."""
    if not given["code"]:
        raise ProofWanted(_CODE)
    with refusing():
        factors.check_code(account.pk, given["code"], network=_network(request))


@contextmanager
def refusing(text: str = "") -> Iterator[None]:
    """Tell a wrong proof as one: the credentials of the request itself are good."""
    try:
        yield
    except Throttled:
        raise
    except AuthenticationFailed as error:
        raise ProofWanted(text or error.message, detail="a wrong proof") from error


def _network(request: Request) -> str:
    return str(client_address(request.META))
