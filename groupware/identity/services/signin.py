"""Signing in with a browser: a first factor, then the second where there is one, then a session.

A first factor is a password (`auth.prove_password`) or the word of an identity provider. It opens
no session of an account that has a second factor: what it leaves in the browser's session is that
the second may be tried, for `SIGN_IN_TIMEOUT`.
"""

from dataclasses import asdict, dataclass

from django.http import HttpRequest

from groupware.core import auth, limits
from groupware.core.clock import epoch
from groupware.core.errors import AuthenticationFailed
from groupware.core.models import Account
from groupware.core.proxies import client_address
from groupware.identity.services import factors, sessions

_PENDING = "sign_in"
_OVER = "The sign-in took too long, or the account changed meanwhile: begin again."


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in whose first factor was proven, at `moment` (epoch seconds)."""

    account_id: int
    credential_epoch: int
    moment: int
    next_url: str


def begin_with_password(request: HttpRequest, login: str, password: str, next_url: str) -> bool:
    """Prove a password, and return whether the browser is signed in by it.

    Where it is not, the second factor is due. Raises `AuthenticationFailed`, `Throttled`.
    """
    principal = auth.prove_password(login, password, network=str(client_address(request.META)))
    return begin(request, principal.account_id, next_url)


def begin(request: HttpRequest, account_id: int, next_url: str) -> bool:
    """Go on from a first factor that was proven; return whether the browser is signed in."""
    account = _get(account_id)
    if not account.second_factor:
        sessions.open_session(request, account)
        return True
    request.session.cycle_key()
    pending = Pending(account.pk, account.credential_epoch, epoch(), next_url)
    request.session[_PENDING] = asdict(pending)
    return False


def find_pending(request: HttpRequest) -> Pending | None:
    """Return the sign-in that waits for its second factor, while it may be ended."""
    held = request.session.get(_PENDING)
    if held is None:
        return None
    pending = Pending(**held)
    in_time = 0 <= epoch() - pending.moment < limits.SIGN_IN_TIME.value
    is_current = auth.is_current(pending.account_id, pending.credential_epoch)
    return pending if in_time and is_current else None


def end_with_code(request: HttpRequest, code: str) -> Pending:
    """Prove the second factor and sign the browser in; raises `AuthenticationFailed`."""
    pending = find_pending(request)
    if pending is None:
        raise AuthenticationFailed(_OVER)
    factors.check_code(pending.account_id, code, network=str(client_address(request.META)))
    account = _get(pending.account_id)
    if account.credential_epoch != pending.credential_epoch:
        raise AuthenticationFailed(_OVER)
    del request.session[_PENDING]
    sessions.open_session(request, account)
    return pending


def _get(account_id: int) -> Account:
    account = Account.objects.filter(pk=account_id).first()
    if account is None or not account.can_log_in:
        raise AuthenticationFailed("This account does not sign in.")
    return account
