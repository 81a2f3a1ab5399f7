"""The one door: how every protocol finds out who is there.

Passwords are Argon2id, at most two at once per process, and throttled first by (account,
network): the account itself is never locked. App passwords carry 128 random bits and are
compared by SHA-256. Proven credentials are cached in memory for a short time under a keyed
MAC and the account's credential_epoch, which is read at each login.
"""

import hmac
import re
import secrets
import threading
from collections.abc import Callable
from hashlib import sha256

from django.contrib.auth.hashers import check_password, make_password
from django.db.models import F

from groupware.core import audit, db, devices, throttle
from groupware.core.addresses import BadAddress, parse_address
from groupware.core.clock import monotonic, now
from groupware.core.errors import AuthenticationFailed, Invalid, NotFound, Throttled
from groupware.core.events import CredentialsChanged, publish
from groupware.core.models import Account, AppPassword
from groupware.core.models.directory import AccountKind
from groupware.core.networks import network_of
from groupware.core.principals import Principal, TokenGrant, find_account
from groupware.core.tokens import (
    authenticate_token,
    is_principal_current,
    register_token_verifier,
)

__all__ = [
    "MAX_HASHES_AT_ONCE",
    "SCOPES",
    "WEB",
    "Principal",
    "TokenGrant",
    "authenticate",
    "authenticate_token",
    "check_app_password",
    "create_app_password",
    "end_sessions",
    "is_current",
    "is_principal_current",
    "list_app_passwords",
    "prove_password",
    "register_password_verifier",
    "register_token_verifier",
    "revoke_app_password",
]

MAX_HASHES_AT_ONCE = 2
"""Argon2 computations at once in a process: each takes 19 MiB."""
CACHE_SECONDS = 300.0
MAX_CACHED = 10_000
MAX_LABEL = 100
"""Characters of an app password's label."""
SCOPES = frozenset({"imap", "pop3", "smtp", "sieve", "dav", "api"})

WEB = "web"
"""What signing in with a browser is counted as."""

_PUBLIC_ID = re.compile("[0-9a-f]{8}")
_MESSAGE = "The address or the password is wrong."
_hashing = threading.BoundedSemaphore(MAX_HASHES_AT_ONCE)
_cache_key = secrets.token_bytes(32)


_cache: dict[bytes, tuple[Principal, float]] = {}

PasswordVerifier = Callable[[Account, str], bool | None]
"""Whether it is the account's password; None where it is not this verifier's to say."""
_verifiers: list[PasswordVerifier] = []


def register_password_verifier(verify: PasswordVerifier) -> None:
    """Ask `verify` before the password that is kept here (at start-up, from an app's `ready`)."""
    if verify not in _verifiers:
        _verifiers.append(verify)


def authenticate(
    login: str, password: str, *, protocol: str, network: str, client: str = ""
) -> Principal:
    """Return who the credentials belong to.

    `network` is the client's address, `client` what it calls itself. Raises `AuthenticationFailed`
    or `Throttled`; neither tells whether the account exists.
    """
    try:
        principal = _authenticate(login, password, protocol, network)
    except AuthenticationFailed as error:
        devices.note_failure(login, protocol, throttled=isinstance(error, Throttled))
        raise
    devices.note_login(principal, protocol, network, client)
    return principal


def _authenticate(login: str, password: str, protocol: str, network: str) -> Principal:
    mac = _mac(login, password, protocol)
    if (known := _known(login, mac)) is not None:
        return known
    account = find_account(login)
    if account is not None and (cached := _cached(account, mac)) is not None:
        return cached
    name, block = _throttled_name(account, login), _throttled_network(network)
    throttle.check(name, block)
    proven, app_password_id = _prove(account, password, protocol)
    if account is None or not proven:
        throttle.count_failure(name, block, mac[:16])
        raise AuthenticationFailed(_MESSAGE)
    principal = Principal(account.pk, account.login, account.credential_epoch, app_password_id)
    _remember(mac, principal)
    throttle.forgive(name, block)
    return principal


def prove_password(login: str, password: str, *, network: str) -> Principal:
    """Return whose own password it is, as the first of two factors; raises as `authenticate`.

    For web sign-in alone, which asks for the second factor next: no session may be opened on
    this answer where the account has one. App passwords are none here.
    """
    try:
        return _prove_own(login, password, network)
    except AuthenticationFailed as error:
        devices.note_failure(login, WEB, throttled=isinstance(error, Throttled))
        raise


def _prove_own(login: str, password: str, network: str) -> Principal:
    account = find_account(login)
    name, block = _throttled_name(account, login), _throttled_network(network)
    throttle.check(name, block)
    if not _is_password_of(account, password) or account is None or not account.can_log_in:
        throttle.count_failure(name, block, _mac(login, password, "")[:16])
        raise AuthenticationFailed(_MESSAGE)
    throttle.forgive(name, block)
    return Principal(account.pk, account.login, account.credential_epoch)


def is_current(account_id: int, credential_epoch: int) -> bool:
    """Whether a session that began with this epoch may go on."""
    return bool(
        db.fetch_rows(
            "SELECT 1 FROM core_account WHERE id = %s AND credential_epoch = %s AND is_active",
            [account_id, credential_epoch],
        )
    )


def end_sessions(account_id: int) -> None:
    """Raise the credential_epoch: cached credentials and live sessions end."""
    with db.write_transaction():
        Account.objects.filter(pk=account_id).update(credential_epoch=F("credential_epoch") + 1)
        event = CredentialsChanged(account_id)
        db.on_commit(lambda: publish(event))


def create_app_password(account_id: int, label: str, scopes: frozenset[str]) -> str:
    """Create an app password and return it; it is never shown again."""
    check_app_password(label, scopes)
    public_id = secrets.token_hex(4)
    secret = secrets.token_hex(16)
    with audit.change():
        if not Account.objects.filter(pk=account_id).exists():
            raise NotFound("The account is gone.")
        AppPassword.objects.create(
            account_id=account_id,
            public_id=public_id,
            secret_sha256=sha256(secret.encode()).digest(),
            label=label,
            scopes=" ".join(sorted(scopes)),
            created_at=now(),
        )
        _record("account.create-app-password", account_id, id=public_id, label=label)
    return f"{public_id}-{secret}"


def check_app_password(label: str, scopes: frozenset[str]) -> None:
    """Raise `Invalid` for what no app password can be."""
    if not scopes or not scopes <= SCOPES:
        raise Invalid("Scopes are some of {scopes}.", scopes=", ".join(sorted(SCOPES)))
    if len(label) > MAX_LABEL or not label.isprintable():
        raise Invalid(
            "A label has at most {most} characters, all of them printable.", most=MAX_LABEL
        )


def list_app_passwords(account_id: int) -> list[AppPassword]:
    """Return the app passwords of an account that open sessions, the oldest first."""
    held = AppPassword.objects.filter(account_id=account_id, revoked_at=None)
    return list(held.order_by("created_at", "id"))


def revoke_app_password(account_id: int, public_id: str) -> None:
    """Revoke an app password; sessions of the account begin anew, and its device is forgotten."""
    with audit.change():
        held = AppPassword.objects.filter(
            account_id=account_id, public_id=public_id, revoked_at=None
        ).first()
        if held is None:
            raise NotFound("There is no app password {public_id}.", public_id=public_id)
        AppPassword.objects.filter(pk=held.pk).update(revoked_at=now())
        devices.forget_credential(account_id, "app-password", str(held.pk))
        end_sessions(account_id)
        _record("account.revoke-app-password", account_id, id=public_id)


def _record(action: str, account_id: int, **detail: str) -> None:
    audit.record(action, Account.objects.get(pk=account_id), **detail)


def _mac(login: str, password: str, protocol: str) -> bytes:
    parts = (text.encode("utf-8", "surrogatepass") for text in (login, password, protocol))
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.digest(_cache_key, message, "sha256")


def _known(login: str, mac: bytes) -> Principal | None:
    """Return whom the credentials were proven for a moment ago, at the primary address.

    Hot: each request of DAV asks. One narrow row tells what `_cached` looks at.
    """
    held = _cache.get(mac)
    if held is None or monotonic() > held[1]:
        return None
    principal = held[0]
    try:
        name = "@".join(parse_address(login))
    except BadAddress:
        return None
    rows = db.fetch_rows(
        "SELECT 1 FROM core_account WHERE id = %s AND login = %s AND credential_epoch = %s"
        " AND is_active AND kind = %s",
        [principal.account_id, name, principal.credential_epoch, AccountKind.PERSON.value],
    )
    return principal if rows else None


def _cached(account: Account, mac: bytes) -> Principal | None:
    held = _cache.get(mac)
    if held is None:
        return None
    principal, until = held
    # The login may lead to another account by now, whose epoch may be the same number.
    proven_for = (principal.account_id, principal.credential_epoch)
    is_account = proven_for == (account.pk, account.credential_epoch) and account.can_log_in
    if not is_account or monotonic() > until:
        _cache.pop(mac, None)
        return None
    return principal


def _remember(mac: bytes, principal: Principal) -> None:
    if len(_cache) >= MAX_CACHED:
        _cache.clear()
    _cache[mac] = (principal, monotonic() + CACHE_SECONDS)


def _prove(account: Account | None, password: str, protocol: str) -> tuple[bool, int | None]:
    if account is not None and account.can_log_in:
        app_password_id = _match_app_password(account, password, protocol)
        if app_password_id is not None:
            return True, app_password_id
    proven = _is_password_of(account, password) and account is not None and account.can_log_in
    # With a second factor, protocols take only app passwords.
    return proven and account is not None and not account.second_factor, None


def _is_password_of(account: Account | None, password: str) -> bool:
    """Whether it is the password itself; takes as long where there is none or no account."""
    if account is not None and account.can_log_in:
        for verify in _verifiers:
            if (verdict := verify(account, password)) is not None:
                return verdict
    readable = _storable(password) == password
    with _hashing:
        if account is None or not account.has_usable_password() or not readable:
            make_password(_storable(password))  # takes as long as a check: timing tells nothing
            return False
        return check_password(password, account.password)


def _match_app_password(account: Account, password: str, protocol: str) -> int | None:
    public_id, dash, secret = password.partition("-")
    if not dash or not _PUBLIC_ID.fullmatch(public_id):
        return None
    held = AppPassword.objects.filter(account=account, public_id=public_id, revoked_at=None).first()
    if held is None or protocol not in held.scopes.split():
        return None
    digest = sha256(secret.encode("utf-8", "surrogatepass")).digest()
    return held.pk if hmac.compare_digest(digest, bytes(held.secret_sha256)) else None


def _throttled_name(account: Account | None, login: str) -> str:
    """Return one name: an account's other addresses and spellings are no further guesses."""
    return account.login if account is not None else _storable(login.strip().lower())[:320]


def _throttled_network(network: str) -> str:
    return _storable(network_of(network))[:49]


def _storable(text: str) -> str:
    """Text that can be encoded and that both databases take: no NUL, no lone surrogate."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
