"""The If header (RFC 4918 §10.4): what a client says of entity tags and locks. Pure."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, NamedTuple

from groupware.dav.conditions import Tag, parse_tags
from groupware.dav.errors import DavError

MOST: Final = 100
"""Conditions of one header: each may be of another resource, looked up under the account's lock."""
_PART: Final = re.compile(
    r"""\s*(?:
    (?P<open>\()
    | (?P<close>\))
    | (?P<not>Not\b)
    | <(?P<angle>[^<>\s]*)>
    | \[(?P<tag>\s*(?:W/)?"[^"\]]*"\s*)\]
    )\s*""",
    re.VERBOSE | re.IGNORECASE,
)


class Condition(NamedTuple):
    """A state token, or an entity tag, that a resource is to have or not to have."""

    token: str = ""
    tag: Tag | None = None
    is_not: bool = False


class State(NamedTuple):
    """What a resource has: its entity tag, None where nothing is, and the tokens of its locks."""

    etag: str | None
    tokens: Collection[str]


class StateList(NamedTuple):
    """Conditions that must hold together; `url` is of another resource, "" for the request's."""

    url: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class If:
    """A header; it holds when one of its lists does."""

    lists: tuple[StateList, ...] = ()

    @property
    def tokens(self) -> frozenset[str]:
        """The lock tokens that are submitted (RFC 4918 §10.4.1)."""
        return frozenset(
            condition.token
            for listed in self.lists
            for condition in listed.conditions
            if condition.token
        )

    def holds(self, state_of: Callable[[str], State]) -> bool:
        """Tell whether it holds, given the state of the resource at each URL."""
        return not self.lists or any(
            all(_holds(condition, state_of(listed.url)) for condition in listed.conditions)
            for listed in self.lists
        )


def _holds(condition: Condition, state: State) -> bool:
    if condition.tag is not None:
        # Weak tags never match for writing (RFC 9110 §8.8.3.2).
        matches = Tag(state.etag) == condition.tag if state.etag is not None else False
    else:
        matches = condition.token in state.tokens
    return matches is not condition.is_not


def parse_if(text: str) -> If:
    """Read the header; raises `DavError`."""
    if not text.strip():
        return If()
    parser = _Parser()
    position = 0
    while position < len(text):
        found = _PART.match(text, position)
        if found is None:
            raise malformed()
        parser.take(found)
        position = found.end()
    return parser.finish()


class _Parser:
    """Collects lists; `_conditions` is None outside of one."""

    def __init__(self) -> None:
        self._lists: list[StateList] = []
        self._conditions: list[Condition] | None = None
        self._url = ""
        self._is_not = self._needs_list = False
        self._count = 0

    def take(self, found: re.Match[str]) -> None:
        if self._conditions is None:
            self._take_outside(found)
        elif found["close"]:
            if self._is_not or not self._conditions:
                raise malformed()
            self._lists.append(StateList(self._url, tuple(self._conditions)))
            self._conditions, self._needs_list = None, False
        elif found["not"]:
            if self._is_not:
                raise malformed()
            self._is_not = True
        else:
            self._conditions.append(self._condition(found))
            self._is_not = False

    def _take_outside(self, found: re.Match[str]) -> None:
        if found["open"]:
            self._conditions = []
        elif found["angle"] and not self._needs_list and (self._url or not self._lists):
            # A header has lists with resources or lists without, never both.
            self._url, self._needs_list = found["angle"], True
        else:
            raise malformed()

    def _condition(self, found: re.Match[str]) -> Condition:
        self._count += 1
        if self._count > MOST:
            raise DavError(400, f"The If header has at most {MOST} conditions.")
        if found["angle"]:
            return Condition(token=found["angle"], is_not=self._is_not)
        if found["tag"]:
            [tag] = parse_tags(found["tag"]).tags
            return Condition(tag=tag, is_not=self._is_not)
        raise malformed()

    def finish(self) -> If:
        if self._conditions is not None or self._needs_list:
            raise malformed()
        return If(tuple(self._lists))


def malformed() -> DavError:
    """Return the refusal of a header that is none."""
    return DavError(400, "The If header cannot be read (RFC 4918 §10.4.2).")
