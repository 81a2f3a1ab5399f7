"""`manage.py account space`: what fills an account."""

from argparse import Namespace
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from groupware.core import db, directory, names
from groupware.core.models import CollectionKind
from groupware.management.app_passwords import ADDRESS
from groupware.management.base import Answer, Subcommand
from groupware.management.moments import iso_moment, show_day
from groupware.management.tables import bar, counted, octets, quota, render_fields, render_table
from mail.space import LargeMessage, Space, read_space

WIDEST = 40
"""Characters of a sender or a subject in a table."""
MOST_COLLECTIONS = 20
"""Collections that a person is shown, the largest; a machine is told all."""


def space(options: Namespace) -> Answer:
    """Show what fills an account."""
    with db.read_snapshot():
        account = directory.get_account(options.address)
        found = read_space(account.pk)
    return Answer(_data(account.login, found), _text(account.login, found))


def _data(login: str, found: Space) -> dict[str, object]:
    stored = found.stored
    return {
        "address": login,
        "used": found.used,
        "quota": found.quota,
        "collections": [
            {
                "collection": names.name_of(login, held.kind, held.name),
                "items": held.items,
                "bytes": held.octets,
            }
            for held in found.collections
        ],
        "years": [
            {"year": int(held.name), "messages": held.items, "bytes": held.octets}
            for held in found.years
        ],
        "largest": [_message_data(login, held) for held in found.largest],
        "senders": {
            "messages": found.senders.messages,
            "bytes": found.senders.octets,
            "first": [
                {"sender": held.name, "messages": held.items, "bytes": held.octets}
                for held in found.senders.shares
            ],
        },
        "restorable": dict(zip(("items", "bytes"), found.restorable, strict=True)),
        "mail": asdict(stored)
        | {
            "saved_by_storing_once": stored.logical - stored.once,
            "saved_by_compression": stored.once - stored.compressed,
        },
    }


def _message_data(login: str, held: LargeMessage) -> dict[str, object]:
    return {
        "mailbox": names.name_of(login, CollectionKind.MAIL, held.mailbox),
        "uid": held.uid,
        "bytes": held.size,
        "internal_date": iso_moment(held.internal_date),
        "from": held.sender,
        "subject": held.subject,
    }


def _text(login: str, found: Space) -> str:
    parts = [
        render_fields(_fields(login, found)),
        _chart("collection", _collection_rows(found)),
        _chart("year", [(held.name, held.items, held.octets) for held in found.years]),
        _chart(
            "sender",
            [(short(held.name), held.items, held.octets) for held in found.senders.shares],
            of=found.senders.octets,
            note=f"of the {counted(found.senders.messages, 'largest message')}",
        ),
        _largest(found.largest),
    ]
    return "\n\n".join(filter(None, parts))


def _fields(login: str, found: Space) -> list[tuple[str, object]]:
    used = octets(found.used)
    if found.quota:
        used += f" of {quota(found.quota)} ({100 * found.used / found.quota:.1f} %)"
    number, size = found.restorable
    stored = found.stored
    once, compressed = stored.logical - stored.once, stored.once - stored.compressed
    saved = f"{octets(once)} as each content is stored once, {octets(compressed)} by compression"
    return [
        ("Address", login),
        ("Used", used),
        ("Restorable", f"{octets(size)} in {counted(number, 'message')} (not charged)"),
        ("Mail", f"{octets(stored.logical)}, on the disk {octets(stored.compressed)}"),
        ("Saved", saved),
    ]


def _collection_rows(found: Space) -> list[tuple[str, int, int]]:
    rows = [(f"{held.kind}/{held.name}", held.items, held.octets) for held in found.collections]
    shown, rest = rows[:MOST_COLLECTIONS], rows[MOST_COLLECTIONS:]
    if rest:
        others = (f"{len(rest)} others", sum(row[1] for row in rest), sum(row[2] for row in rest))
        shown.append(others)
    return shown


def _chart(
    heading: str, rows: Sequence[tuple[str, int, int]], *, of: int = 0, note: str = ""
) -> str:
    """Return a table with a bar for each row's share of all, or of a number."""
    if not rows:
        return ""
    total = of or sum(row[2] for row in rows)
    cells = [
        (
            name,
            number,
            octets(size),
            bar(size / total if total else 0.0),
            f"{_percent(size, total)}",
        )
        for name, number, size in rows
    ]
    return render_table((heading, "items", "size", "share", note), cells)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""


def _largest(found: Iterable[LargeMessage]) -> str:
    rows: list[tuple[Any, ...]] = [
        (
            octets(held.size),
            show_day(held.internal_date),
            held.mailbox,
            held.uid,
            short(held.sender),
            short(held.subject),
        )
        for held in found
    ]
    headings = ("largest", "date", "mailbox", "uid", "from", "subject")
    return render_table(headings, rows) if rows else ""


def short(text: str) -> str:
    """Return what of a text fits a table."""
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


SPACE = Subcommand("space", "show what fills it", space, (ADDRESS,))
