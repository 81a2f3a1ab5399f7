"""Inviting a person to choose a password: a link that is good once, and for some days."""

import secrets
from datetime import timedelta
from hashlib import sha256

from groupware.core import audit, directory, limits
from groupware.core.clock import now
from groupware.core.directory.lookups import directory_change
from groupware.core.errors import Invalid, NotFound
from groupware.core.models import Account, Invitation

_GONE = "This invitation has been used, has expired or was taken back: ask whoever sent it for a new one."


def invite(address: str) -> str:
    """Return what the link holds, this once; an earlier link of the person opens nothing any more.

    Raises `NotFound`, and `Invalid` for what never signs in.
    """
    secret = secrets.token_urlsafe(24)
    moment = now()
    with directory_change():
        account = directory.get_person(address)
        if not account.is_active:
            raise Invalid("{login} is disabled: enable it, then invite.", login=account.login)
        Invitation.objects.filter(account=account).delete()
        Invitation.objects.create(
            account=account,
            digest=_digest(secret),
            invited_by=audit.current_actor().login,
            created_at=moment,
            expires_at=moment + timedelta(days=limits.INVITATION_DAYS.value),
        )
        audit.record("account.invite", account)
    return secret


def take_back(address: str) -> None:
    """Let the link of a person open nothing any more; raises `NotFound` where there is none."""
    with directory_change():
        account = directory.get_account(address)
        if not Invitation.objects.filter(account=account).delete()[0]:
            raise NotFound("{login} has no invitation that is open.", login=account.login)
        audit.record("account.take-back-invitation", account)


def find_invited(secret: str) -> Account:
    """Return whom a link invites; raises `NotFound` for one that is good no more."""
    held = _find(secret)
    return held.account


def accept(secret: str, password: str) -> Account:
    """Set the password that the person chose, and let the link open nothing any more.

    Raises `NotFound`, and `Invalid` for a password that is none, after which the link is good still.
    """
    with directory_change():
        account = _find(secret).account
        if Invitation.objects.filter(account=account, digest=_digest(secret)).delete()[0] != 1:
            raise NotFound(_GONE)
        actor = audit.Actor(account.pk, account.login, "", "")
        with audit.acting(actor):
            directory.set_password(account.login, password)
    return account


def expire() -> int:
    """Remove the invitations that nobody followed in time; return how many."""
    past = Invitation.objects.filter(expires_at__lte=now())
    if not past.exists():  # nobody waits for the lock where there is nothing to do
        return 0
    with directory_change():
        return past.delete()[0]


def _find(secret: str) -> Invitation:
    held = (
        Invitation.objects.select_related("account")
        .filter(digest=_digest(secret), expires_at__gt=now(), account__is_active=True)
        .first()
    )
    if held is None:
        raise NotFound(_GONE)
    return held


def _digest(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "replace")).digest()
