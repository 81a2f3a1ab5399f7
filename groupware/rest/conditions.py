"""Conditional requests (RFC 9110 §13): no change is lost, and nothing is sent twice.

An entity tag has up to two parts, `"WRITTEN.SEEN"`. WRITTEN changes with what a program may write;
SEEN with whatever else is shown, such as how many messages a mailbox holds. If-None-Match compares
all of it. If-Match compares WRITTEN alone: mail that comes in does not make a new name of its
mailbox wait (docs/adr/0049).
"""

import re
from dataclasses import dataclass
from typing import Final

from rest_framework.request import Request

from groupware.core.errors import Stale
from groupware.rest.errors import BadRequest, ConditionRequired

_TAG: Final = re.compile(r'\s*+(?P<weak>W/)?"(?P<opaque>[^"\x00-\x20\x7f]*+)"\s*+(?:,|$)')
_TAGS: Final = 100
"""Entity tags that one header field may list."""


@dataclass(frozen=True, slots=True)
class Version:
    """A state of an object, as its entity tag tells it; neither part has a dot or a quote."""

    written: str
    seen: str = ""

    @property
    def etag(self) -> str:
        """The entity tag, with its quotes."""
        return f'"{self.written}.{self.seen}"' if self.seen else f'"{self.written}"'


@dataclass(frozen=True, slots=True)
class Match:
    """What If-Match says; `written` None is the asterisk, which every state matches."""

    written: frozenset[str] | None

    def check(self, version: Version) -> None:
        """Raise `Stale` where what is there is not what the change is for.

        Call it under the lock that the change is made under.
        """
        if self.written is not None and version.written not in self.written:
            raise Stale("It was changed since it was read: read it again, then change that.")


def read_match(request: Request) -> Match:
    """Return the state that a change is for; raises `ConditionRequired` where none is named."""
    text = request.headers.get("If-Match", "").strip()
    if not text:
        raise ConditionRequired(
            "Send If-Match with the entity tag of what was read, or * for whatever is there."
        )
    if text == "*":
        return Match(None)
    # A weak tag matches nothing here (RFC 9110 §13.1.1).
    strong = [opaque for opaque, is_weak in _parse(text) if not is_weak]
    return Match(frozenset(opaque.partition(".")[0] for opaque in strong))


def is_known(request: Request, version: Version) -> bool:
    """Tell whether the client has this state already, by If-None-Match (RFC 9110 §13.1.2)."""
    text = request.headers.get("If-None-Match", "").strip()
    if not text:
        return False
    return text == "*" or any(f'"{opaque}"' == version.etag for opaque, _ in _parse(text))


def _parse(text: str) -> list[tuple[str, bool]]:
    """Return the entity tags of a list, and whether each is weak; raises `BadRequest`."""
    tags: list[tuple[str, bool]] = []
    position = 0
    while position < len(text):
        found = _TAG.match(text, position)
        if found is None or len(tags) == _TAGS:
            raise BadRequest('Entity tags are quoted, with commas between them: "3", "5.17".')
        tags.append((found["opaque"], found["weak"] is not None))
        position = found.end()
    return tags
