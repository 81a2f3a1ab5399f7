"""A process that takes messages and fans them out, until it is killed.

    python -m tests.crash.receiver take NOTES    notes each message that was answered for
    python -m tests.crash.receiver file NOTES    the same of messages to one person alone
    python -m tests.crash.receiver finish NOTES  lets the sweep do the rest, and prints who has what

What is noted was committed; the reply would have gone by then.
"""

import json
import sys
from collections import Counter
from functools import partial
from pathlib import Path

import django

from groupware.core.logging import configure_logging

MESSAGES = 12
SWEEPS = 10
GROUP = "team@example.test"
FORWARD = "out@example.test"
ELSEWHERE = "friend@there.test"


def message_of(number: int) -> tuple[str, bytes]:
    """Return a Message-ID and a message that has it."""
    message_id = f"inbound-{number}@outside.test"
    header = f"From: x@outside.test\r\nMessage-ID: <{message_id}>\r\nSubject: {number}\r\n"
    return message_id, header.encode() + b"\r\nHello.\r\n"


def take(notes: Path) -> None:
    """Take messages for a group and an address that leads outside, one after the other."""
    from groupware.core.directory import add_member, create_address, create_group
    from groupware.core.models import Account

    create_group(GROUP)
    for login in Account.objects.values_list("login", flat=True):
        add_member(GROUP, login)
    create_address(FORWARD, [ELSEWHERE])
    _take(notes, GROUP, FORWARD)


def file(notes: Path) -> None:
    """Take messages for one person, who has each with its commit."""
    from groupware.core.models import Account

    first = Account.objects.order_by("login").values_list("login", flat=True)[0]
    _take(notes, first)


def _take(notes: Path, *addresses: str) -> None:
    from groupware.core import aio
    from mail.flow.envelopes import Envelope, EnvelopeRecipient
    from mail.services import fanout, reception
    from mail.services.content import prepare_message
    from mail.services.direct import find_direct
    from mail.services.inbound import NewInbound

    envelope = Envelope("x@outside.test", tuple(map(EnvelopeRecipient, addresses)))
    with notes.open("a") as noted:
        for number in range(MESSAGES):
            message_id, data = message_of(number)
            new = NewInbound(prepare_message(data), envelope, b"Received: from x\r\n")
            prepared = reception.Prepared(new, find_direct(new, data))
            commit = partial(reception.commit, prepared)
            inbound_id = aio.crossing().committer.submit(commit).result()
            noted.write(f"{message_id}\n")
            noted.flush()
            fanout.begin(inbound_id)
    aio.close_crossing()


def finish(notes: Path) -> None:
    """Work off what is left, and print how often each account and the queue have each message."""
    from groupware.core.models import Account
    from mail.models import Inbound, Message, QueuedRecipient
    from mail.services.fanout import work_off

    for _ in range(SWEEPS):
        Inbound.objects.update(next_attempt_at=0)
        if not work_off():
            break
    has = Counter(Message.objects.values_list("blob__messagecontent__message_id", "account__login"))
    queued = Counter(
        QueuedRecipient.objects.filter(address=ELSEWHERE).values_list(
            "message__blob__messagecontent__message_id", flat=True
        )
    )
    logins = list(Account.objects.order_by("login").values_list("login", flat=True))
    found = {
        message_id: [*(has[message_id, login] for login in logins), queued[message_id]]
        for message_id in (message_of(number)[0] for number in range(MESSAGES))
    }
    told = notes.read_text().split()
    print(json.dumps({"told": told, "found": found, "left": Inbound.objects.count()}))  # noqa: T201


if __name__ == "__main__":
    configure_logging("WARNING", "text")
    django.setup()
    {"take": take, "file": file, "finish": finish}[sys.argv[1]](Path(sys.argv[2]))
