"""Components of iCalendar (RFC 5545 §3.4): a tree of content lines, cheap, within limits.

Values stay as they were written: nothing here knows what they mean.
"""

from __future__ import annotations

from dataclasses import dataclass

from contacts.vcard.contentlines import BadContentLine, Line, content_lines

__all__ = [
    "BadContentLine",
    "BadStructure",
    "Component",
    "ComponentLimits",
    "Line",
    "parse_calendars",
    "parse_component",
]


@dataclass(frozen=True, slots=True)
class ComponentLimits:
    """What a tree may have: lines, octets of an unfolded line, components in each other."""

    max_lines: int = 200_000
    max_octets: int = 8 << 20
    max_depth: int = 8


class BadStructure(ValueError):
    """Lines that are components but do not nest as iCalendar's do."""


DEFAULT_LIMITS = ComponentLimits()


class Component:
    """BEGIN, lines, components within, END; the name in upper case.

    Invariant: nobody changes one once it is parsed.
    """

    __slots__ = ("_by_name", "children", "lines", "name")

    def __init__(self, name: str, lines: list[Line], children: list[Component]) -> None:
        self.name = name
        self.lines = lines
        self.children = children
        self._by_name: dict[str, list[Line]] | None = None

    def all(self, name: str) -> list[Line]:
        """Return the lines of a property."""
        by_name = self._by_name
        if by_name is None:
            by_name = self._by_name = {}
            for line in self.lines:
                by_name.setdefault(line.name, []).append(line)
        return by_name.get(name, [])

    def first(self, name: str) -> Line | None:
        """Return the first line of a property."""
        found = self.all(name)
        return found[0] if found else None

    def value(self, name: str) -> str:
        """Return the first value of a property as it is written, or an empty text."""
        found = self.all(name)
        return found[0].value if found else ""

    def children_named(self, name: str) -> list[Component]:
        """Return the components right within that have the name."""
        return [child for child in self.children if child.name == name]


def parse_calendars(data: bytes, limits: ComponentLimits = DEFAULT_LIMITS) -> list[Component]:
    """Return the outermost components; raises `BadContentLine` and `BadStructure`."""
    top = Component("", [], [])
    stack = [top]
    here = top.lines
    for line in content_lines(data, max_lines=limits.max_lines, max_octets=limits.max_octets):
        if line.name == "BEGIN":
            child = Component(line.value.strip().upper(), [], [])
            stack[-1].children.append(child)
            stack.append(child)
            if len(stack) > limits.max_depth + 1:
                raise BadStructure(f"Components nest deeper than {limits.max_depth}.")
            here = child.lines
        elif line.name == "END":
            ended = line.value.strip().upper()
            if stack.pop().name != ended or not stack:
                raise BadStructure(f"END:{ended[:40]} ends no component that began before it.")
            here = stack[-1].lines
        else:
            here.append(line)
    if len(stack) > 1:
        raise BadStructure(f"{stack[-1].name[:40]} has no END: the data is cut off.")
    if top.lines:
        raise BadStructure(f"{top.lines[0].name[:40]} stands outside every component.")
    return top.children


def parse_component(data: bytes, limits: ComponentLimits = DEFAULT_LIMITS) -> Component:
    """Return the one component that the data holds; raises as `parse_calendars` does."""
    found = parse_calendars(data, limits)
    if len(found) != 1:
        raise BadStructure(f"One VCALENDAR was expected, {len(found)} components came.")
    return found[0]
