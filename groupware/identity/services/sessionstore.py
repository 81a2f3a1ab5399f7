"""Where Django's session middleware keeps sessions: rows that their owners see and can end.

What the cookie holds is kept as its digest only. A session without an account is a sign-in that was
begun: it lives for `SIGN_IN_TIMEOUT`, and there are never more than `MAX_SIGN_INS` of them.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError

from groupware.core import db, limits
from groupware.core.clock import now
from groupware.core.errors import Busy
from groupware.identity.models import WebSession

NETWORK, AGENT, EPOCH = "network", "agent", "credential_epoch"
"""What a session says of the browser that it is of, and of the account as it was then."""
REFRESH = timedelta(minutes=5)
"""How old the moment of the last request may be that a session's row tells."""


class SessionStore(SessionBase):
    """A session of a browser (`SESSION_ENGINE`)."""

    def exists(self, session_key: str) -> bool:
        """Return whether there is a session with this key."""
        return WebSession.objects.filter(key_sha256=digest(session_key)).exists()

    def load(self) -> dict[str, Any]:
        """Return what the session holds; of one that is not there or over, nothing."""
        key = self.session_key
        row = None
        if key is not None:
            rows = WebSession.objects.filter(key_sha256=digest(key), expires_at__gt=now())
            row = rows.first()
        if row is None:
            self._session_key = None
            return {}
        if row.account_id is not None and row.seen_at < now() - REFRESH:
            self.modified = True  # so that it is saved, and lives on
        return self.decode(row.data)

    def create(self) -> None:
        """Begin a session under a key that nobody has."""
        while True:
            self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        """Write the session; raises `UpdateError` where it was ended meanwhile."""
        if self.session_key is None:
            self.create()
            return
        held = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        values = self._values(held)
        key = digest(self.session_key)
        with db.write_transaction():
            if not must_create:
                if not WebSession.objects.filter(key_sha256=key).update(**values):
                    raise UpdateError
                return
            if WebSession.objects.filter(key_sha256=key).exists():
                raise CreateError
            if values["account_id"] is None:
                _refuse_too_many()
            WebSession.objects.create(key_sha256=key, created_at=now(), **values)

    def delete(self, session_key: str | None = None) -> None:
        """End a session."""
        key = session_key or self.session_key
        if key is None:
            return
        with db.write_transaction():
            WebSession.objects.filter(key_sha256=digest(key)).delete()

    @classmethod
    def clear_expired(cls) -> None:
        """Remove the sessions that are over."""
        with db.write_transaction():
            WebSession.objects.filter(expires_at__lte=now()).delete()

    def get_expiry_age(self, **kwargs: Any) -> int:
        """Return the seconds that the session lives on without a request."""
        return int(_lifetime(self.get(SESSION_KEY)).total_seconds())

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        """Return until when the session lives without a request."""
        return now() + timedelta(seconds=self.get_expiry_age())

    def _values(self, data: dict[str, Any]) -> dict[str, Any]:
        owner = data.get(SESSION_KEY)
        moment = now()
        return {
            "account_id": int(owner) if owner is not None else None,
            "credential_epoch": data.get(EPOCH, 0),
            "data": self.encode(data),
            "network": data.get(NETWORK, ""),
            "agent": data.get(AGENT, ""),
            "seen_at": moment,
            "expires_at": moment + _lifetime(owner),
        }


def digest(session_key: str) -> str:
    """Return what is kept of a session's key."""
    return sha256(session_key.encode("utf-8", "replace")).hexdigest()


def _lifetime(owner: object) -> timedelta:
    if owner is None:
        return timedelta(seconds=limits.SIGN_IN_TIME.value)
    return timedelta(days=limits.WEB_SESSION_IDLE.value)


def _refuse_too_many() -> None:
    begun = WebSession.objects.filter(account=None, expires_at__gt=now())
    if begun.count() >= limits.SIGN_INS.value:
        raise Busy("Too many sign-ins are going on: try again in a few minutes.")
