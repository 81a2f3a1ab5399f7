"""What a part is, and what is found of it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text: TypeAlias = str | _StrPromise
else:
    Text = str


class State(StrEnum):
    """How a part is; ATTENTION works, and will not for ever unless somebody does something."""

    OK = "ok"
    SLOW = "slow"
    ATTENTION = "attention"
    FAILED = "failed"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a look found; `text` says what happened, why, and what to do, in the reader's language."""

    state: State
    text: Text = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: `look(seconds)` finds within that time how it is, or raises `TimeoutError`.

    Parts of one `lane` are looked at one after another, in one thread: those that ask the database
    share a connection. `port` is where it listens. Parts are told by `place`.
    """

    name: str
    title: Text
    look: Callable[[float], Outcome]
    place: int
    purpose: Text = ""
    lane: str = ""
    port: Callable[[], int] | None = None


DATABASE_LANE = "database"
