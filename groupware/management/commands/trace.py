"""`manage.py trace`: where messages went, the newest last; one of them step by step."""

from argparse import Namespace
from datetime import UTC, datetime

from groupware.core.errors import NotFound
from groupware.management.base import Answer, GroupwareCommand, argument
from groupware.management.moments import parse_moment
from groupware.management.tables import octets, render_table
from mail.models import Step, TraceEntry
from mail.services import trace
from mail.services.trace import TraceFilter

HEADINGS = ("when (UTC)", "what", "from", "to", "size", "peer", "number", "")
WIDEST = 70
"""Characters of the details in the table."""


class Command(GroupwareCommand):
    """Show the trace."""

    help = "Show where messages went, from their arrival to the mailbox or to another server."
    arguments = (
        argument("text", metavar="TEXT", nargs="?", default="", help="in an address or Message-ID"),
        argument("--message", metavar="MESSAGE-ID", default="", help="one message, step by step"),
        argument("--from", metavar="TEXT", default="", dest="sender", help="of senders with it"),
        argument("--to", metavar="TEXT", default="", help="for recipients with it"),
        argument("--step", choices=Step.values, default="", help="only what became of it so"),
        argument("--since", metavar="MOMENT", type=parse_moment, help="2026-11-25, or 12h, 3d ago"),
        argument("--until", metavar="MOMENT", type=parse_moment, help="the same"),
        argument("--limit", metavar="N", type=int, default=100, help="the newest so many"),
    )

    def run(self, options: Namespace) -> Answer:
        """Show what is meant."""
        if options.message:
            found = trace.follow(options.message, limit=max(1, options.limit))
        else:
            found = trace.search(_wanted(options), limit=max(1, options.limit))[::-1]
        if options.message and not found:
            raise NotFound(
                f"Nothing is known of {options.message}: `trace TEXT` looks for an address."
            )
        if not found:
            return Answer([], "Nothing like that is in the trace.")
        return Answer([_data(entry) for entry in found], render_table(HEADINGS, map(_row, found)))


def _wanted(options: Namespace) -> TraceFilter:
    return TraceFilter(
        text=options.text,
        sender=options.sender,
        recipient=options.to,
        step=options.step,
        since=options.since,
        until=options.until,
    )


def _moment(entry: TraceEntry) -> datetime:
    return datetime.fromtimestamp(entry.moment / 1e6, UTC)


def _row(entry: TraceEntry) -> tuple[object, ...]:
    detail = entry.detail
    return (
        f"{_moment(entry):%Y-%m-%d %H:%M:%S}",
        entry.step,
        entry.sender or "<>",
        entry.recipient or "-",
        octets(entry.size) if entry.size else "-",
        entry.peer or "-",
        f"queue {entry.queue_id}" if entry.queue_id else entry.reference or "-",
        detail if len(detail) <= WIDEST else f"{detail[: WIDEST - 1]}…",
    )


def _data(entry: TraceEntry) -> dict[str, object]:
    return {
        "moment": _moment(entry).isoformat(),
        "step": entry.step,
        "message_id": entry.message_id,
        "reference": entry.reference,
        "queue_id": entry.queue_id,
        "sender": entry.sender,
        "recipient": entry.recipient,
        "account_id": entry.account_id,
        "domain_id": entry.domain_id,
        "size": entry.size,
        "peer": entry.peer,
        "detail": entry.detail,
    }
