"""Reading what the team has planned, and whom it knows, from texts/agenda. Pure.

The format is in texts/README.md; what is read has no dates yet, which follow from today.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from groupware.demo.letters import TEXTS, BadText

AGENDA = TEXTS / "agenda"
_RENAMED = {"with": "others", "class": "classification", "from": "of"}


@dataclass(frozen=True, slots=True)
class Place:
    """A calendar, a task list (`kind` tasks) or an address book (book) that is made."""

    key: str
    kind: str
    owner: str
    name: str
    color: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """What somebody, or a group, may do with a place."""

    place: str
    others: str
    rights: str


@dataclass(frozen=True, slots=True)
class Moved:
    """An occurrence that takes place at another time; both days as `WEEK WEEKDAY`."""

    of: str
    to: str
    start: str
    end: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """A day as the texts have it: counted from today in working days, weeks or months."""

    day: int = 0
    weekday: str = ""
    week: int = 0
    month: int | None = None
    monthday: int = 1


@dataclass(frozen=True, slots=True)
class Event:
    """An appointment; of whole `days`, or from `start` to `end` in its zone."""

    id: str
    place: str
    summary: str
    when: Day
    days: int = 0
    start: str = "09:00"
    end: str = "10:00"
    zone: str = "Europe/Vienna"
    rule: str = ""
    location: str = ""
    text: str = ""
    classification: str = ""
    free: bool = False
    alarm: int = 0
    others: tuple[str, ...] = ()
    tentative: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    moved: tuple[Moved, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do; without a `when` at any time."""

    id: str
    place: str
    summary: str
    when: Day | None = None
    at: str = ""
    rule: str = ""
    part_of: str = ""
    percent: int = 0
    priority: int = 0
    done: int | None = None
    cancelled: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """Somebody in an address book; `birthday` counts days from today."""

    book: str
    who: str
    org: str = ""
    title: str = ""
    phone: str = ""
    note: str = ""
    nickname: str = ""
    family: str = ""
    given: str = ""
    is_org: bool = False
    birthday: int | None = None
    born: int = 1970


@dataclass(frozen=True, slots=True)
class CardGroup:
    """Several of the people in an address book."""

    book: str
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agenda:
    """Everything that is planned."""

    places: Sequence[Place]
    shares: Sequence[Share]
    events: Sequence[Event]
    tasks: Sequence[Task]
    cards: Sequence[Card]
    groups: Sequence[CardGroup]


T = TypeVar("T")


def read_agenda(folder: Path = AGENDA) -> Agenda:
    """Return what the texts say; raises `BadText`."""
    places, events, tasks, contacts = (
        tomllib.loads((folder / f"{name}.toml").read_text("utf-8"))
        for name in ("places", "events", "tasks", "contacts")
    )
    return Agenda(
        [
            _make(Place, {"key": key, "kind": kind, **table})
            for kind in ("calendar", "tasks", "book")
            for key, table in places[kind].items()
        ],
        [_make(Share, table) for table in places["share"]],
        [_make(Event, _with_moved(_with_when(table))) for table in events["event"]],
        [_make(Task, _with_due(table)) for table in tasks["task"]],
        [_make(Card, table) for table in contacts["card"]],
        [_make(CardGroup, table) for table in contacts["group"]],
    )


def _with_when(table: Mapping[str, Any]) -> dict[str, Any]:
    names = {held.name for held in fields(Day)}
    when = {name: value for name, value in table.items() if name in names}
    others = {name: value for name, value in table.items() if name not in names}
    return {**others, "when": Day(**when)} if when else others


def _with_due(table: Mapping[str, Any]) -> dict[str, Any]:
    renamed = {"day" if name == "due" else name: value for name, value in table.items()}
    return _with_when(renamed)


def _with_moved(table: Mapping[str, Any]) -> dict[str, Any]:
    return {**table, "moved": tuple(_make(Moved, held) for held in table.get("moved", ()))}


def _make(kind: type[T], table: Mapping[str, Any]) -> T:
    values = {
        _RENAMED.get(name, name): tuple(value) if isinstance(value, list) else value
        for name, value in table.items()
    }
    try:
        return kind(**values)
    except TypeError as error:
        raise BadText(f"agenda: {table.get('id') or table}: {error}") from error
