"""Tokens at the one door: what a program shows in place of a password (RFC 6750).

What a token looks like and who gave it out is known to those who register a verifier here. A
token is long and random: nothing is gained by guessing, so that a wrong one costs one look and
no throttle.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from groupware.core import db, devices
from groupware.core.clock import now
from groupware.core.errors import AuthenticationFailed
from groupware.core.models import Account
from groupware.core.principals import Principal, TokenGrant, find_account

MAX_TOKEN: Final = 1_024
"""Characters of a token that is looked up at all."""
PROTOCOLS: Final = frozenset({"imap", "pop3", "smtp", "sieve", "dav"})
"""Where a token needs the scope of this name; elsewhere each view asks for its own."""
_MESSAGE = "The token is not valid, has expired or was revoked: sign in again."

_log = structlog.get_logger("groupware.auth")

Verify = Callable[[str], TokenGrant | None]
IsLive = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class _Verifier:
    verify: Verify
    is_live: IsLive


_verifiers: list[_Verifier] = []


def register_token_verifier(verify: Verify, is_live: IsLive) -> Callable[[], None]:
    """Let a kind of tokens open sessions; returns what ends it.

    `verify` tells what a token stands for, None where it is none of its own or no longer good.
    `is_live` tells by `TokenGrant.token_id` whether a token is still good, and is asked at each
    command of the sessions that it opened: one narrow query.
    """
    verifier = _Verifier(verify, is_live)
    _verifiers.append(verifier)
    return lambda: _verifiers.remove(verifier)


def authenticate_token(
    token: str, *, protocol: str, network: str, login: str = "", client: str = ""
) -> Principal:
    """Return whom the token speaks for; `network` and `client` as `auth.authenticate` has them.

    A `login` that came with it must lead to the same account. Raises `AuthenticationFailed`, also
    where the token was not given for this protocol.
    """
    try:
        principal = _authenticate(token, protocol, network, login)
    except AuthenticationFailed:
        devices.note_failure(login, protocol)
        raise
    devices.note_login(principal, protocol, network, client)
    return principal


def _authenticate(token: str, protocol: str, network: str, login: str) -> Principal:
    grant = _find_grant(token)
    account = _find_person(grant) if grant is not None else None
    if grant is None or account is None:
        raise _refused("unknown", protocol, network)
    if protocol in PROTOCOLS and protocol not in grant.scopes:
        raise _refused("scope", protocol, network)
    if login and find_account(login) != account:
        raise _refused("another account", protocol, network)
    return Principal(
        account.pk,
        account.login,
        account.credential_epoch,
        token_id=grant.token_id,
        scopes=grant.scopes,
        expires_at=grant.expires_at,
        token_client=grant.client,
    )


def is_principal_current(principal: Principal) -> bool:
    """Whether a session may go on: its account, and the token that opened it. Hot: each command."""
    is_known = db.fetch_rows(
        "SELECT 1 FROM core_account WHERE id = %s AND credential_epoch = %s AND is_active",
        [principal.account_id, principal.credential_epoch],
    )
    if not is_known or has_expired(principal):
        return False
    token_id = principal.token_id
    return token_id is None or any(verifier.is_live(token_id) for verifier in _verifiers)


def has_expired(principal: Principal) -> bool:
    """Whether the time of the token that opened a session is over; asks nobody."""
    return principal.expires_at is not None and principal.expires_at <= now()


def _find_grant(token: str) -> TokenGrant | None:
    if not token or len(token) > MAX_TOKEN or not token.isascii() or not token.isprintable():
        return None
    found = (verifier.verify(token) for verifier in _verifiers)
    grant = next((grant for grant in found if grant is not None), None)
    return grant if grant is not None and grant.expires_at > now() else None


def _find_person(grant: TokenGrant) -> Account | None:
    account = Account.objects.filter(pk=grant.account_id).first()
    return account if account is not None and account.can_log_in else None


def _refused(reason: str, protocol: str, network: str) -> AuthenticationFailed:
    _log.info("token refused", reason=reason, protocol=protocol, network=network)
    return AuthenticationFailed(_MESSAGE)
