"""Browsers that somebody is signed in with, as rows alone."""

import secrets
from datetime import timedelta

from groupware.core.clock import now
from groupware.core.models import Account
from groupware.identity.models import WebSession


def open_browser(account: Account, agent: str = "Firefox") -> str:
    """Sign a browser in, and return the id of its live session."""
    account.refresh_from_db()
    made = WebSession.objects.create(
        key_sha256=secrets.token_hex(32),
        account=account,
        credential_epoch=account.credential_epoch,
        network="192.0.2.9",
        agent=agent,
        created_at=now(),
        seen_at=now(),
        expires_at=now() + timedelta(days=1),
    )
    return f"web-{made.pk}"
