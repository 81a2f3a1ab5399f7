"""`manage.py queue list|show|hold|release|retry|drop`: what waits for other servers."""

from argparse import Namespace
from collections.abc import Callable, Iterable
from dataclasses import asdict

from groupware.core.clock import epoch
from groupware.core.errors import Invalid, NotFound
from groupware.management.base import Answer, Argument, Subcommand, TableCommand, argument
from groupware.management.moments import iso_moment, show_moment
from groupware.management.tables import counted, octets, render_fields, render_table
from mail.services import queue
from mail.services.queue import QueueEntry, QueueFilter

HEADINGS = ("id", "from", "to", "size", "since (UTC)", "tries", "next (UTC)", "why it waits")
WIDEST = 60
"""Characters of a reason in the table."""
TIMES = ("created_at", "expires_at", "last_attempt_at", "next_attempt_at")


def list_all(options: Namespace) -> Answer:
    """List what is in the queue."""
    wanted = _filter(options)
    found = queue.list_queue(wanted, limit=options.limit)
    if not found:
        is_any = wanted == QueueFilter()
        return Answer([], "The queue is empty." if is_any else "Nothing like that is in the queue.")
    table = render_table(HEADINGS, map(_row, found))
    number = queue.count_queue(wanted)
    text = f"{table}\n\n{_summary(found)}"
    if number > len(found):
        text += f" {number - len(found)} more: see --limit."
    return Answer([_data(entry) for entry in found], text)


def show(options: Namespace) -> Answer:
    """Show one message with each of its recipients."""
    found = queue.list_queue(QueueFilter(message_ids=[options.id]))
    if not found:
        raise NotFound(f"There is no message {options.id} in the queue: `queue list` names them.")
    first = found[0]
    fields = [
        ("Message", first.message_id),
        ("From", f"<{first.mail_from}>"),
        ("Size", octets(first.size)),
        ("Since", f"{show_moment(first.created_at)} UTC"),
        ("Given up", f"{show_moment(first.expires_at)} UTC"),
    ]
    blocks = [render_fields(fields), *(render_fields(_fields_of(entry)) for entry in found)]
    return Answer([_data(entry) for entry in found], "\n\n".join(blocks))


def hold(options: Namespace) -> Answer:
    """Hold messages."""
    number = queue.hold(_meant(options))
    return _done("held", number, f"Held {counted(number, 'recipient')}: `queue release` lets go.")


def release(options: Namespace) -> Answer:
    """Release what is held."""
    number = queue.release(_meant(options))
    return _done("released", number, f"Released {counted(number, 'recipient')}, tried now.")


def retry(options: Namespace) -> Answer:
    """Try again now."""
    number = queue.retry_now(_meant(options))
    return _done("retried", number, f"{counted(number, 'recipient')} tried now.")


def drop(options: Namespace) -> Answer:
    """Take messages out of the queue."""
    number = queue.drop(_meant(options), notify=not options.silent)
    told = "nobody is told" if options.silent else "their senders are told"
    return _done("dropped", number, f"Dropped {counted(number, 'recipient')}; {told}.")


def _done(name: str, number: int, text: str) -> Answer:
    return Answer({name: number}, text)


def _meant(options: Namespace) -> QueueFilter:
    """Return what is meant by a command that changes something: never all of it by mistake."""
    wanted = _filter(options)
    if wanted == QueueFilter() and not options.all:
        raise Invalid("Say which: an ID, --domain, --to-domain, --from, --to, --held, or --all.")
    if not queue.count_queue(wanted):
        raise NotFound("Nothing like that is in the queue: `queue list` shows what is.")
    return wanted


def _filter(options: Namespace) -> QueueFilter:
    return QueueFilter(
        message_ids=tuple(options.ids),
        domain=options.domain,
        destination=options.to_domain,
        sender=options.sender,
        recipient=options.to,
        is_held=True if options.held else None,
    )


def _summary(found: Iterable[QueueEntry]) -> str:
    entries = list(found)
    messages = len({entry.message_id for entry in entries})
    held = sum(entry.is_held for entry in entries)
    text = f"{counted(len(entries), 'recipient')} of {counted(messages, 'message')}"
    return f"{text}, {held} held." if held else f"{text}."


def _row(entry: QueueEntry) -> tuple[object, ...]:
    why = _reason(entry)
    return (
        entry.message_id,
        entry.mail_from or "<>",
        entry.address,
        octets(entry.size),
        show_moment(entry.created_at),
        entry.attempts,
        _next(entry),
        why if len(why) <= WIDEST else why[: WIDEST - 1] + "…",
    )


def _next(entry: QueueEntry) -> str:
    if entry.is_sending:
        return "sending"
    if entry.is_held:
        return "held"
    return "now" if entry.next_attempt_at <= epoch() else show_moment(entry.next_attempt_at)


def _reason(entry: QueueEntry) -> str:
    if not entry.attempts:
        return "not tried yet"
    said = f"{entry.code or entry.status} {entry.reply}"
    return f"{entry.host}: {said}" if entry.host and entry.code else said


def _fields_of(entry: QueueEntry) -> list[tuple[str, object]]:
    last = f"{show_moment(entry.last_attempt_at)} UTC" if entry.attempts else "never"
    return [
        ("To", entry.address),
        ("Tries", f"{entry.attempts}, the last {last}"),
        ("Next", _next(entry)),
        ("Why", _reason(entry)),
    ]


def _data(entry: QueueEntry) -> dict[str, object]:
    data = asdict(entry)
    return data | {name: iso_moment(data[name]) if data[name] else None for name in TIMES}


def _filters(*more: Argument) -> tuple[Argument, ...]:
    return (*more, DOMAIN, TO_DOMAIN, SENDER, TO, HELD)


IDS = argument(
    "ids", metavar="ID", type=int, nargs="*", help="messages, as `queue list` shows them"
)
DOMAIN = argument("--domain", metavar="NAME", default="", help="what a domain of ours sends")
TO_DOMAIN = argument("--to-domain", metavar="NAME", default="", help="what goes to a domain")
SENDER = argument("--from", metavar="TEXT", default="", dest="sender", help="of senders with it")
TO = argument("--to", metavar="TEXT", default="", help="for recipients with it")
HELD = argument("--held", action="store_true", help="only what is held")
ALL = argument("--all", action="store_true", help="the whole queue")
LIMIT = argument("--limit", metavar="N", type=int, default=queue.MAX_LISTED, help="so many at most")
SILENT = argument("--silent", action="store_true", help="let the senders know nothing")
ID = argument("id", metavar="ID", type=int, help="the message")

_ROWS: tuple[tuple[str, str, Callable[[Namespace], Answer], tuple[Argument, ...]], ...] = (
    ("list", "list what waits, why, and until when", list_all, _filters(IDS, LIMIT)),
    ("show", "show one message with each of its recipients", show, (ID,)),
    ("hold", "try messages no more until they are released", hold, _filters(IDS, ALL)),
    ("release", "let go of what is held, and try it now", release, _filters(IDS, ALL)),
    ("retry", "try messages now", retry, _filters(IDS, ALL)),
    ("drop", "take messages out, and return them", drop, _filters(IDS, ALL, SILENT)),
)


class Command(TableCommand):
    """The outbound queue."""

    help = "Look at the mail that waits for other servers; hold it, try it again, drop it."
    subcommands = tuple(Subcommand(*row) for row in _ROWS)
