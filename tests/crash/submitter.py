"""A process that submits messages, and files every other one itself as a program does.

    python -m tests.crash.submitter submit NOTES  notes each message that was answered for
    python -m tests.crash.submitter look NOTES    prints what was taken, and what is in Sent

What is noted was committed; the reply would have gone by then.
"""

import json
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import django

MESSAGES = 12
LOGIN = "ada@example.test"


def message_of(number: int) -> tuple[str, bytes]:
    """Return a Message-ID and a message that has it."""
    message_id = f"submitted-{number}@example.test"
    header = f"From: {LOGIN}\r\nMessage-ID: <{message_id}>\r\nBcc: x@outside.test\r\n"
    return message_id, header.encode() + b"\r\nHello.\r\n"


def submit(notes: Path) -> None:
    """Submit messages; after every other one the program's own copy comes."""
    from groupware.core import aio
    from groupware.core.models import Account
    from mail import queries
    from mail.flow.clients import Client
    from mail.flow.envelopes import Envelope, EnvelopeRecipient
    from mail.services import submission
    from mail.services.appending import NewMessage, append_messages
    from mail.services.content import prepare_message

    def write(call: Any) -> None:
        aio.crossing().committer.submit(call).result()

    account_id = Account.objects.get(login=LOGIN).pk
    envelope = Envelope(LOGIN, (EnvelopeRecipient("x@outside.test"),))
    sender = submission.Submitter(account_id, LOGIN)
    client = Client("192.0.2.1", "client", "s1", "ESMTPSA")
    sent = queries.get_mailbox(account_id, "Sent")
    with notes.open("a") as file:
        for number in range(MESSAGES):
            message_id, data = message_of(number)
            write(partial(submission.commit, submission.submit(data, envelope, sender, client)))
            file.write(f"{message_id}\n")
            file.flush()
            if number % 2:
                new = [NewMessage(prepare_message(data))]
                write(partial(append_messages, account_id, sent.collection_id, new, is_sent=True))
    aio.close_crossing()


def look(notes: Path) -> None:
    """Print how often each message was taken, and how often it is in Sent."""
    from mail.models import Inbound, Message

    taken = Counter(Inbound.objects.values_list("blob__messagecontent__message_id", flat=True))
    filed = Counter(
        Message.objects.filter(collection__name="Sent", account__login=LOGIN).values_list(
            "blob__messagecontent__message_id", flat=True
        )
    )
    ids = [message_of(number)[0] for number in range(MESSAGES)]
    found = {key: [taken[key], filed[key]] for key in ids}
    print(json.dumps({"told": notes.read_text().split(), "found": found}))  # noqa: T201


if __name__ == "__main__":
    django.setup()
    {"submit": submit, "look": look}[sys.argv[1]](Path(sys.argv[2]))
