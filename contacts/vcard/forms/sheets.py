"""A card as lines that can be changed, each with the octets it was written in. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contacts.vcard.cards import Card
from contacts.vcard.contentlines import Line
from contacts.vcard.forms.entries import LABEL
from contacts.vcard.rawlines import RawLine, raw_lines, reuse, written
from contacts.vcard.values import escape_text

__all__ = ["Sheet", "open_sheet"]


class Sheet:
    """The lines of a card, BEGIN and END among them."""

    def __init__(self, version: str, raws: list[RawLine]) -> None:
        self.version = version
        self._raws = raws

    @classmethod
    def new(cls, version: str, lines: Iterable[Line]) -> Sheet:
        """Return a card of these lines."""
        head = [Line("BEGIN", "", {}, "VCARD"), Line("VERSION", "", {}, version)]
        return cls(version, [*map(written, [*head, *lines]), written(Line("END", "", {}, "VCARD"))])

    def octets(self) -> bytes:
        """Return the card as it is written."""
        return b"".join(raw.octets for raw in self._raws)

    def lines(self, *names: str) -> list[Line]:
        """Return the lines of properties, in the order of the card."""
        return [raw.line for raw in self._raws if raw.line.name in names]

    def put(self, names: tuple[str, ...], wanted: Iterable[Line]) -> None:
        """Let properties have these lines and no others; those that they have stay as they are."""
        held = [raw for raw in self._raws if raw.line.name in names]
        lines = reuse(held, wanted)
        if lines == held:
            return
        place = self._raws.index(held[0]) if held else len(self._raws) - 1
        self._raws = [raw for raw in self._raws if raw.line.name not in names]
        self._raws[place:place] = lines

    def label(self, line: Line, label: str, labels: Mapping[str, str]) -> Line:
        """Return a line with a label, or without any; `labels` are those that were there."""
        held = labels.get(line.group, "") if line.group else ""
        if label == held:
            return line
        if line.group:
            self._raws = [
                raw
                for raw in self._raws
                if not (raw.line.name == LABEL and raw.line.group == line.group)
            ]
        if not label:
            return line
        group = line.group or self._free_group()
        self._raws.insert(-1, written(Line(LABEL, group, {}, escape_text(label))))
        return line._replace(group=group)

    def drop_labels(self) -> None:
        """Take out labels of lines that went."""
        used = {raw.line.group for raw in self._raws if raw.line.name != LABEL}
        self._raws = [
            raw
            for raw in self._raws
            if raw.line.name != LABEL or not raw.line.group or raw.line.group in used
        ]

    def _free_group(self) -> str:
        used = {raw.line.group.lower() for raw in self._raws}
        return next(name for n in range(1, len(self._raws) + 2) if (name := f"item{n}") not in used)


def open_sheet(data: bytes, card: Card) -> Sheet:
    """Return the lines of a card that was read from the data."""
    if b"QUOTED-PRINTABLE" in data.upper():
        return Sheet.new(card.version, card.lines)
    return Sheet(card.version, list(raw_lines(data)))
