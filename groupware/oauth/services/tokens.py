"""Tokens as they are given out, renewed and taken back; the toolkit writes its rows in here."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import QuerySet
from oauth2_provider.models import AccessToken, Grant, RefreshToken

from groupware.core import audit, db, devices, limits
from groupware.core.clock import now
from groupware.core.errors import NotFound
from groupware.core.models import Account
from groupware.oauth.models import Application, UsedCode
from groupware.oauth.queries import client_key
from groupware.oauth.services import codes
from groupware.oauth.services.applications import tell
from groupware.oauth.tokenhashes import digest

BATCH = 1_000
"""Rows that are forgotten in one transaction."""

T = TypeVar("T")


def answer(asked: Mapping[str, str], work: Callable[[], T]) -> T:
    """Do what the token endpoints are asked, in one transaction where it can change anything.

    Who names no code or token of ours is refused without taking the lock that others wait for.
    """
    if not _is_known(asked):
        return work()
    with db.write_transaction():
        return work()


def _is_known(asked: Mapping[str, str]) -> bool:
    code, *tokens = (digest(asked.get(name, "")) for name in ("code", "refresh_token", "token"))
    known = (
        Grant.objects.filter(code=code),
        UsedCode.objects.filter(code=code),
        RefreshToken.objects.filter(token_checksum__in=tokens),
        AccessToken.objects.filter(token_checksum__in=tokens),
    )
    return any(rows.exists() for rows in known)


def allow(account_id: int, work: Callable[[], T]) -> T:
    """Give a code; a person who has allowed too much loses what is oldest."""
    with db.write_transaction():
        live = RefreshToken.objects.filter(user_id=account_id, revoked=None)
        most = limits.OAUTH_AUTHORIZATIONS.value
        for token in live.order_by("-created", "-id")[max(most - 1, 0) :]:
            token.revoke()
            tell(account_id)
        Grant.objects.filter(user_id=account_id, expires__lte=now()).delete()
        return work()


def revoke_application(account_id: int, client_id: str) -> None:
    """Take back whatever an account has allowed an application; raises `NotFound`.

    Sessions that its tokens opened end at their next command.
    """
    with audit.change():
        mine = {"user_id": account_id, "application__client_id": client_id}
        applications = Application.objects.filter(client_id=client_id).values_list("pk", flat=True)
        refresh = list(RefreshToken.objects.filter(**mine, revoked=None))
        for token in refresh:
            token.revoke()
        others, _ = AccessToken.objects.filter(**mine).delete()
        codes, _ = Grant.objects.filter(**mine).delete()
        if not (refresh or others or codes):
            raise NotFound(
                "The application {client_id} has no token of this account.", client_id=client_id
            )
        for application_id in applications:
            devices.forget_credential(account_id, "token", client_key(application_id))
        tell(account_id)
        account = Account.objects.get(pk=account_id)
        audit.record("account.revoke-application", account, client_id=client_id)


def refresh_deadline() -> datetime:
    """Return when a refresh token must have been made to be good now."""
    return now() - timedelta(days=limits.OAUTH_REFRESH_LIFETIME.value)


def forget_expired() -> None:
    """Remove codes and tokens whose time is over, some at a time; read first, then lock.

    What was used up is kept as long as it would have been good: who shows it again has stolen it.
    """
    moment = now()
    _forget(RefreshToken.objects.filter(created__lte=refresh_deadline()))
    _forget(codes.unneeded())
    _forget(AccessToken.objects.filter(expires__lte=moment, refresh_token=None))
    _forget(Grant.objects.filter(expires__lte=moment))


def _forget(rows: QuerySet[Any]) -> None:
    while keys := list(rows.values_list("id", flat=True)[:BATCH]):
        with db.write_transaction():
            rows.filter(pk__in=keys).delete()
