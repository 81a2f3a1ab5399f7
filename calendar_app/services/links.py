"""Public addresses of calendars: whoever knows the secret reads what is not private.

The secret is shown once; what is kept is its SHA-256, which is enough for 192 random bits.
"""

import secrets
from hashlib import sha256

from django.conf import settings

from calendar_app.models import Calendar
from groupware.core import db
from groupware.core.changes import begin_change
from groupware.core.errors import NotFound

SECRET_BYTES = 24


def create_link(account_id: int, collection_id: int) -> str:
    """Give a calendar a new secret and return it; an older one opens nothing any more.

    Raises `NotFound` when the calendar is gone.
    """
    secret = secrets.token_urlsafe(SECRET_BYTES)
    _set(account_id, collection_id, hash_of(secret))
    return secret


def remove_link(account_id: int, collection_id: int) -> None:
    """Let no address open the calendar any more, from the next request on; raises `NotFound`."""
    _set(account_id, collection_id, None)


def url_of(secret: str) -> str:
    """Return the public address that a secret is in."""
    return f"{settings.GROUPWARE_PUBLIC_URL.rstrip('/')}/public/{secret}.ics"


def hash_of(secret: str) -> bytes:
    """Return what is kept of a secret."""
    return sha256(secret.encode("utf-8", "surrogateescape")).digest()


def _set(account_id: int, collection_id: int, link: bytes | None) -> None:
    with db.write_transaction():
        begin_change(account_id)
        calendar = Calendar.objects.filter(
            collection_id=collection_id, collection__account_id=account_id
        )
        if not calendar.update(link_sha256=link):
            raise NotFound("The calendar is gone.")
