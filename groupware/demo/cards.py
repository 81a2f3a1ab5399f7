"""Composing the cards of whom the team knows, as an address book would. Pure."""

from calendar import isleap
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import NAMESPACE_URL, uuid5

from contacts.vcard.contentlines import Line
from contacts.vcard.serialize import serialize_lines
from contacts.vcard.values import escape_text
from groupware.demo.agenda import Card, CardGroup
from groupware.demo.people import People

_OPTIONAL = {"TITLE": "title", "TEL": "phone", "NOTE": "note", "NICKNAME": "nickname"}


def write_card(card: Card, people: People, today: date) -> bytes:
    """Return a card of version 3.0, which every program reads."""
    one = people[card.who]
    given, _, family = one.name.rpartition(" ")
    family, given = card.family or family, card.given or given
    name = (
        f";{escape_text(one.name)}"
        if card.is_org
        else f"{escape_text(family)};{escape_text(given)}"
    )
    org = one.name if card.is_org else card.org
    lines = [
        *_head(uid_of(card.book, card.who), one.name),
        _line("N", f"{name};;;"),
        Line("EMAIL", "", {"TYPE": ("WORK",)}, one.address),
        *([_line("ORG", escape_text(org))] if org else []),
        *(
            _line(name, escape_text(text))
            for name, attribute in _OPTIONAL.items()
            if (text := getattr(card, attribute))
        ),
        *([_line("X-ABSHOWAS", "COMPANY")] if card.is_org else []),
    ]
    if card.birthday is not None:
        lines.append(_line("BDAY", _born(card, today).isoformat()))
    return serialize_lines([*lines, _line("END", "VCARD")])


def write_group(group: CardGroup) -> bytes:
    """Return the card of a group, as programs of Apple's and their servers have it."""
    members = [f"urn:uuid:{uid_of(group.book, who)}" for who in group.members]
    return serialize_lines(
        [
            *_head(uid_of(group.book, group.name), group.name),
            _line("N", f"{escape_text(group.name)};;;;"),
            _line("X-ADDRESSBOOKSERVER-KIND", "group"),
            *(_line("X-ADDRESSBOOKSERVER-MEMBER", member) for member in members),
            _line("END", "VCARD"),
        ]
    )


def uid_of(book: str, name: str) -> str:
    """Return the UID of a card: the same at every first start."""
    return str(uuid5(NAMESPACE_URL, f"demo:{book}/{name}"))


def _born(card: Card, today: date) -> date:
    assert card.birthday is not None
    day = today + timedelta(days=card.birthday)
    if (day.month, day.day) == (2, 29) and not isleap(card.born):
        day -= timedelta(days=1)
    return day.replace(year=card.born)


def _head(uid: str, name: str) -> Sequence[Line]:
    return [
        _line("BEGIN", "VCARD"),
        _line("VERSION", "3.0"),
        _line("UID", uid),
        _line("FN", escape_text(name)),
    ]


def _line(name: str, value: str) -> Line:
    return Line(name, "", {}, value)
