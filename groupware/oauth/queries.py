"""What is asked of tokens, by every door: narrow rows."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from oauth2_provider.models import AccessToken, RefreshToken

from groupware.core import db
from groupware.core.auth import TokenGrant
from groupware.core.scopes import SCOPES
from groupware.oauth.models import Application
from groupware.oauth.tokenhashes import digest

_OWN: Final = "oauth:"
"""What ids of access tokens begin with: other kinds of tokens have ids of their own."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """What a person has allowed an application; `since` is when it last got a token."""

    client_id: str
    application: str
    scopes: tuple[str, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class Holder:
    """An application that has tokens of an account: `sign_ins` times, with these scopes together."""

    client_id: str
    application: str
    scopes: tuple[str, ...]
    sign_ins: int
    since: datetime
    renewed_at: datetime


def find_grant(token: str) -> TokenGrant | None:
    """Find what an access token stands for; None where nobody has it."""
    row = (
        AccessToken.objects.filter(token_checksum=digest(token), user__isnull=False)
        .values_list("user_id", "id", "scope", "expires", "application_id")
        .first()
    )
    if row is None:
        return None
    account_id, key, scope, expires, application_id = row
    assert account_id is not None
    return TokenGrant(
        account_id,
        f"{_OWN}{key}",
        frozenset(scope.split()),
        expires.astimezone(UTC),
        client_key(application_id),
    )


def client_key(application_id: object) -> str:
    """Return what names an application where tokens of other kinds may be named as well."""
    return f"{_OWN}{application_id}"


def is_live(token_id: str) -> bool:
    """Whether an access token is still there: whatever revokes it takes it away. Hot."""
    key = token_id.removeprefix(_OWN)
    if key == token_id:
        return False
    return bool(
        db.fetch_rows("SELECT 1 FROM oauth2_provider_accesstoken WHERE id = %s", [int(key)])
    )


def list_authorizations(account_id: int) -> list[Authorization]:
    """Return the applications that have tokens of an account, by name, each sign-in of them."""
    rows = (
        RefreshToken.objects.filter(user_id=account_id, revoked=None, access_token__isnull=False)
        .order_by("application__name", "application_id", "created", "id")
        .values_list(
            "application__client_id", "application__name", "access_token__scope", "created"
        )
    )
    return [
        Authorization(client_id, name, tuple(scope.split()), since)
        for client_id, name, scope, since in rows
    ]


def list_holders(account_id: int) -> list[Holder]:
    """Return the applications that have tokens of an account, by name, each once."""
    found: dict[str, list[Authorization]] = {}
    for held in list_authorizations(account_id):
        found.setdefault(held.client_id, []).append(held)
    return [_holder(client_id, sign_ins) for client_id, sign_ins in found.items()]


def _holder(client_id: str, sign_ins: list[Authorization]) -> Holder:
    given = {scope for held in sign_ins for scope in held.scopes}
    moments = [held.since for held in sign_ins]
    return Holder(
        client_id,
        sign_ins[0].application,
        tuple(scope for scope in SCOPES if scope in given),
        len(sign_ins),
        min(moments),
        max(moments),
    )


def list_applications() -> list[Application]:
    """Return every application, by name."""
    return list(Application.objects.order_by("name", "id"))
