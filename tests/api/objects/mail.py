"""Objects of mail."""

import secrets

from groupware.core.models import Account
from mail.services.mailboxes import create_mailbox
from tests.api.objects import operation, parameter


@parameter("mailbox_id")
def mailbox_id(owner: Account) -> str:
    return create_mailbox(owner.pk, f"Secret {secrets.token_hex(4)}").object_id


operation("create_mailbox", body=lambda _: {"name": "New"})
operation("rename_mailbox", body=lambda _: {"name": "Renamed"})
