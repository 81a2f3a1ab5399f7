"""What waits for other servers, with what they said, and the ways of some messages."""

from itertools import count

from groupware.core.models import Account
from mail.flow.envelopes import EnvelopeRecipient
from mail.models import QueuedRecipient, Step, TraceEntry
from tests.pictures.shots import DOMAIN
from tests.services.mail.outbound.queueing import queued
from tests.services.store import message_of

MINUTE = 60
WAITING = (
    # who, to, host, code, status, what it said, tries, minutes ago, minutes until the next
    (
        "lea",
        "k.gruber@bergfreunde-hochkar.example",
        "mx1.bergfreunde-hochkar.example",
        451,
        "4.7.1",
        "451 4.7.1 Greylisted, come back in five minutes",
        1,
        4,
        16,
    ),
    (
        "marta",
        "callum@northlight-supply.example.com",
        "mail.northlight-supply.example.com",
        452,
        "4.2.2",
        "452 4.2.2 The mailbox of callum is full",
        5,
        190,
        55,
    ),
    (
        "jonas",
        "abena.osei@ridgeschool.example.org",
        "",
        0,
        "4.4.1",
        "None of its servers answers: connection timed out",
        3,
        75,
        20,
    ),
    (
        "lea",
        "ines.carvalho@surfcosta.example",
        "mx.surfcosta.example",
        421,
        "4.3.2",
        "421 4.3.2 Too many connections, try again later",
        2,
        21,
        25,
    ),
)
HELD = ("office", "newsletter@wahat-altamr.example")


def queue(now: int) -> None:
    """Let messages wait: some were tried, one is held."""
    for who, to, host, code, status, reply, attempts, ago, until in WAITING:
        row = _wait(who, to)
        QueuedRecipient.objects.filter(message_id=row).update(
            host=host,
            code=code,
            status=status,
            reply=reply,
            attempts=attempts,
            last_attempt_at=now - ago * MINUTE,
            # Far enough ahead for the server not to try while pictures are taken.
            next_attempt_at=now + until * MINUTE,
        )
    held = _wait(*HELD)
    QueuedRecipient.objects.filter(message_id=held).update(is_held=True)


def _wait(who: str, to: str) -> int:
    account = Account.objects.get(login=f"{who}@{DOMAIN}")
    data = message_of(4_000 + 37_000 * len(to))
    made = queued(account, EnvelopeRecipient(to), data=data, mail_from=account.login)
    return made.pk


WAYS = (
    # minutes ago, from, to, Message-ID, steps: (step, peer, detail)
    (
        2,
        "inigo@vinosdelnavazo.example",
        "lea",
        "8f31.order@vinosdelnavazo.example",
        (
            (Step.RECEIVED, "smtp.vinosdelnavazo.example", "SPF pass, DKIM pass, DMARC pass"),
            (Step.DELIVERED, "", "INBOX"),
        ),
    ),
    (
        9,
        "prize@lucky-winner.example.net",
        "office",
        "00001@lucky-winner.example.net",
        ((Step.REFUSED, "198.51.100.77", "550 5.7.1 DMARC: the domain disowns this message"),),
    ),
    (
        14,
        "lea",
        "k.gruber@bergfreunde-hochkar.example",
        "c77a.offer@tern.example",
        (
            (Step.RECEIVED, "192.0.2.24", "submitted by lea@tern.example"),
            (Step.QUEUED, "", ""),
            (Step.DEFERRED, "mx1.bergfreunde-hochkar.example", "451 4.7.1 Greylisted"),
        ),
    ),
    (
        31,
        "marta",
        "t.rinaldi@rifugio-sassolungo.example",
        "19ed.invoice@tern.example",
        (
            (Step.RECEIVED, "192.0.2.31", "submitted by marta@tern.example"),
            (Step.QUEUED, "", ""),
            (Step.SENT, "mail.rifugio-sassolungo.example", "250 2.0.0 Ok: queued as 4F2C91"),
        ),
    ),
    (
        58,
        "yuki",
        "press@sky-and-sea.example",
        "aa02@tern.example",
        (
            (Step.RECEIVED, "192.0.2.40", "submitted by yuki@tern.example"),
            (Step.QUEUED, "", ""),
            (Step.BOUNCED, "mx.sky-and-sea.example", "550 5.1.1 No such person here"),
        ),
    ),
)


def trace(now: int) -> None:
    """Write the ways of some messages, a second between their steps."""
    domain_id = Account.objects.get(login=f"lea@{DOMAIN}").domain_id
    entries = []
    for number, (ago, sender, recipient, message_id, steps) in zip(count(4), WAYS, strict=False):
        for second, (step, peer, detail) in enumerate(steps):
            entries.append(
                TraceEntry(
                    moment=(now - ago * MINUTE + second) * 1_000_000,
                    step=step,
                    message_id=message_id,
                    reference=str(number),
                    sender=_address(sender),
                    recipient=_address(recipient),
                    domain_id=domain_id,
                    size=14_000,
                    peer=peer,
                    detail=detail,
                )
            )
    TraceEntry.objects.bulk_create(sorted(entries, key=lambda entry: entry.moment))


def _address(name: str) -> str:
    return name if "@" in name else f"{name}@{DOMAIN}"
