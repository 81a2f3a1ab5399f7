"""Messages, each in a mailbox of its own."""

import secrets

from groupware.core.models import Account
from mail.services.mailboxes import create_mailbox
from tests.api.objects import operation, parameter
from tests.services.store import append


@parameter("message_id")
def message_id(owner: Account) -> str:
    name = f"Letters {secrets.token_hex(4)}"
    info = create_mailbox(owner.pk, name)
    return f"{info.object_id}-{append(owner, name).uid}"


operation("set_flags", body=lambda _: {"flags": ["flagged"]})


@parameter("section")
def section(owner: Account) -> str:
    return "1"


operation(
    "act_on_messages",
    body=lambda owner: {"ids": [message_id(owner)], "action": "flag", "add": ["seen"]},
)
operation("share_mailbox", body=lambda _: {"shares": []})
