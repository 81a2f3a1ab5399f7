"""What the trace is told of the queue: what comes into it, what becomes of it, what is done about it."""

from collections.abc import Iterable

from mail.flow.replies import Reply
from mail.models import QueuedMessage
from mail.services import trace
from mail.services.trace import Note, Step

Told = tuple[str, Step, str, Reply]
"""A recipient, what became of it, and which server said so."""
MOST_SAID = 480
"""Characters of a reply that are kept."""
MOST_NAMED = 10
"""Addresses that one step names."""


def note_queued(message: QueuedMessage, addresses: Iterable[str], size: int) -> None:
    """Note what has come into the queue, and that an address of ours led there."""
    named = list(addresses)
    found = _note_of(message, Step.QUEUED)._replace(size=size)
    if message.source:
        told = f"to {', '.join(named[:MOST_NAMED])}"
        trace.note(found._replace(step=Step.FORWARDED, recipient=message.source, detail=told))
    for address in named:
        trace.note(found._replace(recipient=address))


def note_act(step: Step, held: Iterable[tuple[QueuedMessage, str]], login: str) -> None:
    """Note that somebody did something about recipients of messages."""
    for message, address in held:
        found = _note_of(message, step)
        trace.note(found._replace(recipient=address, detail=f"by {login}"))


def note_results(message: QueuedMessage, told: Iterable[Told], size: int) -> None:
    """Note what became of recipients of a message."""
    found = _note_of(message, Step.SENT)._replace(size=size)
    for address, step, host, reply in told:
        said = f"{reply.code or reply.status} {reply.text[:MOST_SAID]}"
        trace.note(found._replace(step=step, recipient=address, peer=host, detail=said))


def _note_of(message: QueuedMessage, step: Step) -> Note:
    """Return a note of a message in the queue, for no recipient yet."""
    return Note(
        step,
        sender=message.mail_from,
        place=message.source or message.mail_from,
        account_id=message.account_id,
        message_id=trace.name_in(bytes(message.prefix)),
        blob_id=message.blob_id,
        reference=str(message.inbound),
        queue_id=message.pk,
    )
