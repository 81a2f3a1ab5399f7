"""A program that copies messages of two mailboxes over REST, and repeats its request.

python -m tests.crash.asker prepare NOTES  makes the messages and the request
python -m tests.crash.asker ask NOTES      sends the request
python -m tests.crash.asker look NOTES     sends it again; prints what came, and what was copied
"""

import json
import sys
from pathlib import Path
from typing import Any

import django
from django.test.utils import setup_test_environment

LOGIN = "ada@example.test"
SOURCES = ("First", "Second")


def prepare(notes: Path) -> None:
    """Make a message in each mailbox, and note a request that copies both."""
    from groupware.core.models import Account
    from mail.services.appending import NewMessage, append_messages
    from mail.services.content import prepare_message
    from mail.services.mailboxes import create_mailbox
    from tests.api.speaking import basic

    account = Account.objects.get(login=LOGIN)
    ids = []
    for name in SOURCES:
        made = create_mailbox(account.pk, name)
        data = f"Message-ID: <{name}@example.test>\r\n\r\nHello.\r\n".encode()
        append_messages(account.pk, made.collection_id, [NewMessage(prepare_message(data))])
        ids.append(f"{made.object_id}-1")
    copies = create_mailbox(account.pk, "Copies").object_id
    body = {"ids": ids, "action": "copy", "mailbox": copies}
    notes.write_text(json.dumps({"authorization": basic(account), "body": body}))


def ask(notes: Path) -> Any:
    """Send the request, which has the same key each time."""
    from tests.api.speaking import Api

    asked = json.loads(notes.read_text())
    program = Api(None, asked["authorization"])
    return program.post("/messages/actions", asked["body"], Idempotency_Key="once")


def look(notes: Path) -> None:
    """Print what the repeated request is answered, and how many copies there are then."""
    from mail.models import Message

    response = ask(notes)
    copies = Message.objects.filter(collection__name="Copies", account__login=LOGIN)
    found = {"status": response.status_code, "told": response.json(), "copies": copies.count()}
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    django.setup()
    setup_test_environment()
    {"prepare": prepare, "ask": ask, "look": look}[sys.argv[1]](Path(sys.argv[2]))
