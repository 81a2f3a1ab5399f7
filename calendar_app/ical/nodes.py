"""Components with the octets that they were written in: what edits them leaves all else alone. Pure.

`components` reads a tree to understand it; this one is to be changed and written again. Its octets
are those of the data until something is put in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from calendar_app.ical.components import Line
from contacts.vcard.rawlines import RawLine, raw_lines, reuse, written

__all__ = ["Node", "make_node", "parse_nodes"]


@dataclass(slots=True, eq=False)
class Node:
    """A component: its BEGIN, lines and components within in their order, its END."""

    name: str
    begin: bytes
    parts: list[RawLine | Node]
    end: bytes

    def octets(self) -> bytes:
        """Return the component as it is written."""
        inside = (
            part.octets if isinstance(part, RawLine) else part.octets() for part in self.parts
        )
        return b"".join((self.begin, *inside, self.end))

    def lines(self, name: str) -> list[RawLine]:
        """Return the lines of a property."""
        return [part for part in self.parts if isinstance(part, RawLine) and part.line.name == name]

    def children(self, *names: str) -> list[Node]:
        """Return the components right within that have one of the names."""
        return [part for part in self.parts if isinstance(part, Node) and part.name in names]

    def put(self, name: str, wanted: Iterable[Line]) -> None:
        """Let a property have these lines and no others; those that it has stay as they are."""
        held = self.lines(name)
        lines = reuse(held, wanted)
        if lines == held:
            return
        place = next(
            (
                index
                for index, part in enumerate(self.parts)
                if isinstance(part, Node) or (held and part is held[0])
            ),
            len(self.parts),
        )
        self.parts = [part for part in self.parts if not any(part is line for line in held)]
        self.parts[place:place] = lines


def make_node(name: str, parts: Iterable[Line | Node]) -> Node:
    """Return a component of our own."""
    begin, end = (written(Line(word, "", {}, name)).octets for word in ("BEGIN", "END"))
    return Node(name, begin, [_part(part) for part in parts], end)


def _part(part: Line | Node) -> RawLine | Node:
    return part if isinstance(part, Node) else written(part)


def parse_nodes(data: bytes) -> Node:
    """Return the component of data that `components.parse_component` reads."""
    top = Node("", b"", [], b"")
    stack = [top]
    for raw in raw_lines(data):
        if raw.line.name == "BEGIN":
            child = Node(raw.line.value.strip().upper(), raw.octets, [], b"")
            stack[-1].parts.append(child)
            stack.append(child)
        elif raw.line.name == "END":
            stack.pop().end = raw.octets
        else:
            stack[-1].parts.append(raw)
    (only,) = top.children(*(part.name for part in top.parts if isinstance(part, Node)))
    return only
