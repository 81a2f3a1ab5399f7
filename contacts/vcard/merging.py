"""Several cards of one person made into one, and what it will hold, field by field. Pure.

The first card is what it becomes: its UID, its names, its own way of writing. Whatever the others
have more is added; what can be there once only and differs is left out, and said. Nothing that is
not understood is lost.
"""

import datetime
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from contacts.vcard.cards import BINARY_NAMES, MEMBER_NAMES, Card, read_card, types
from contacts.vcard.contentlines import Line, Params
from contacts.vcard.conversions import without
from contacts.vcard.keys import mail_key, same_phone
from contacts.vcard.media import read_media
from contacts.vcard.serialize import serialize_card
from contacts.vcard.values import escape_text, join_list, split_list, unescape_text
from contacts.vcard.versions import convert
from mail.mime.text import fold_search

SINGLES = frozenset(
    {"FN", "N", "KIND", "X-ADDRESSBOOKSERVER-KIND", "UID", "BDAY", "ANNIVERSARY", "DEATHDATE"}
    | {"GENDER", "PRODID", "SORT-STRING", "CLASS", "X-ABSHOWAS", "X-ABUID"}
)
"""Properties that a card has once."""
LISTS = frozenset({"NICKNAME", "CATEGORIES"})
"""Properties whose values are lists: they become one."""
_LABELS = frozenset({"X-ABLABEL", "X-ABADR"})
"""What says something of the other line of its group."""
_UNTOLD = frozenset({"REV", "CLIENTPIDMAP"})
"""Of each card its own."""
_URN = "urn:uuid:"
MOST_ALIKE = 50
"""Lines of one kind that are asked whether they say what another does; no person's card has more."""


@dataclass(frozen=True, slots=True)
class Field:
    """What a merged card will hold, or will not; `sources` are the places of cards, from 0."""

    name: str
    types: tuple[str, ...]
    text: str
    sources: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """The card that several become; `left_out` is what one of them said and it does not."""

    data: bytes
    fields: tuple[Field, ...]
    left_out: tuple[Field, ...]


@dataclass(slots=True)
class _Held:
    """A line of the merged card, and the places of the cards that say it."""

    line: Line
    sources: set[int]


@dataclass(slots=True)
class _Merger:
    held: list[_Held] = field(default_factory=list)
    by_key: dict[Hashable, _Held] = field(default_factory=dict)
    by_name: dict[str, _Held] = field(default_factory=dict)
    alike: dict[Hashable, list[_Held]] = field(default_factory=lambda: defaultdict(list))
    preferred: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    left_out: list[Field] = field(default_factory=list)

    def take(self, place: int, card: Card) -> None:
        """Add what a card says."""
        if place == 0:
            for line in card.lines:
                self.add(place, line)
            return
        for unit in _units(card.lines):
            told = [line for line in unit if line.name not in _LABELS]
            fresh = [line for line in told if not self._absorb(place, line)]
            labels = [line for line in unit if line.name in _LABELS]
            if told and not fresh:
                unsaid = [line for line in labels if _key(line) not in self.by_key]
                self.left_out += [_field(line, {place}) for line in unsaid]
                continue
            group = self._free_group() if unit[0].group else ""
            for line in (*fresh, *labels):
                self.add(place, line._replace(group=group, params=_own(place, line.params)))

    def add(self, place: int, line: Line) -> None:
        """Add a line; of what is preferred the first stays it."""
        if line.name in _UNTOLD:
            return
        if place and line.name in self.preferred:
            line = line._replace(params=_without_pref(line.params))
        if "PREF" in line.params or "pref" in types(line.params):
            self.preferred.add(line.name)
        held = _Held(line, {place})
        self.held.append(held)
        self.groups.add(line.group.lower())
        self.by_key.setdefault(_key(line), held)
        self.by_name.setdefault(line.name, held)
        self.alike[_kind(line)].append(held)

    def _absorb(self, place: int, line: Line) -> bool:
        """Whether the line is said already, or has no place; what is said is by this card too."""
        if line.name in _UNTOLD:
            return True
        if (said := self._holder_of(line)) is not None:
            said.sources.add(place)
            return True
        held = self._counterpart(line)
        if held is None:
            return False
        if line.name in LISTS or line.name == "NOTE":
            held.line = held.line._replace(value=_joined(held.line, line))
        elif line.name in SINGLES and _key(line) != _key(held.line):
            if not _is_empty(held.line):
                self.left_out += [_field(line, {place})] if not _is_empty(line) else []
                return True
            held.line, held.sources = line._replace(group=held.line.group), set()
        else:
            held.line = held.line._replace(params=_united(held.line.params, line.params))
        held.sources.add(place)
        return True

    def _holder_of(self, line: Line) -> _Held | None:
        """Return what says all that a line does; a card may have several of one name."""
        alike = self.alike[_kind(line)][:MOST_ALIKE]
        return next((held for held in alike if _holds(held.line, line)), None)

    def _counterpart(self, line: Line) -> _Held | None:
        if line.name in SINGLES | LISTS or line.name == "NOTE":
            return self.by_name.get(line.name)
        return self.by_key.get(_key(line))

    def _free_group(self) -> str:
        number = len(self.groups)
        while f"item{number}" in self.groups:
            number += 1
        return f"item{number}"


def merge_cards(cards: Sequence[Card], moment: datetime.datetime) -> Merged:
    """Return what the first card becomes with what the others say; `moment` is of the merge."""
    first = cards[0]
    merger = _Merger()
    for place, card in enumerate(cards):
        same = card.version == first.version
        merger.take(place, card if same else read_card(convert(card, first.version)))
    form = "%Y%m%dT%H%M%SZ" if first.version == "4.0" else "%Y-%m-%dT%H:%M:%SZ"
    rev = Line("REV", "", {}, moment.strftime(form))
    return Merged(
        serialize_card(first.version, [*(held.line for held in merger.held), rev]),
        tuple(_field(held.line, held.sources) for held in merger.held),
        tuple(merger.left_out),
    )


def follow_members(card: Card, replaced: Mapping[str, str]) -> bytes | None:
    """Return a group whose members are led from old UIDs to new ones; None where it has none."""
    wanted = {_bare(old): new for old, new in replaced.items()}
    lines: list[Line] = []
    seen: set[str] = set()
    changed = False
    for line in card.lines:
        if line.name in MEMBER_NAMES:
            new = wanted.get(_bare(line.value.strip()))
            if new is not None:
                line = line._replace(value=new if ":" in new else _URN + new)  # noqa: PLW2901
                changed = True
            if line.value in seen:
                continue
            seen.add(line.value)
        lines.append(line)
    return serialize_card(card.version, lines) if changed else None


def _bare(uri: str) -> str:
    return uri[len(_URN) :].lower() if uri.lower().startswith(_URN) else uri


def _units(lines: Iterable[Line]) -> list[list[Line]]:
    """Return the lines, those of one group together."""
    units: list[list[Line]] = []
    by_group: dict[str, list[Line]] = {}
    for line in lines:
        group = line.group.lower()
        if group and group in by_group:
            by_group[group].append(line)
            continue
        units.append([line])
        if group:
            by_group[group] = units[-1]
    return units


def _key(line: Line) -> Hashable:
    if line.name in BINARY_NAMES:
        media = read_media(line)
        return line.name, media.base64 or media.uri
    text = unescape_text(line.value).strip()
    if line.name == "EMAIL":
        return line.name, mail_key(text)
    if line.name == "TEL":
        return line.name, same_phone(text)
    if line.name.startswith("X-") and line.name not in _LABELS:
        return line.name, text, frozenset(line.params.items())
    return line.name, text


def _is_empty(line: Line) -> bool:
    return not line.value.strip(" ;,")


def _kind(line: Line) -> Hashable:
    """Return what lines share of which one may say all of another."""
    return line.name if line.name in LISTS or line.name == "NOTE" else _key(line)


def _holds(held: Line, line: Line) -> bool:
    """Tell whether a line says all of another of its kind: its items, its text, or its types."""
    if line.name == "NOTE":
        return unescape_text(line.value).strip() in unescape_text(held.value)
    if line.name not in LISTS:
        return not _new_types(held.params, line.params)
    there, wanted = (set(map(fold_search, split_list(each.value))) for each in (held, line))
    return wanted <= there


def _joined(held: Line, line: Line) -> str:
    """Return the value of both: of a list with what it lacks, of a note with the other below."""
    if line.name == "NOTE":
        return escape_text(f"{unescape_text(held.value)}\n\n{unescape_text(line.value)}")
    items = split_list(held.value)
    there = {fold_search(item) for item in items}
    return join_list([*items, *(i for i in split_list(line.value) if fold_search(i) not in there)])


def _new_types(params: Params, others: Params) -> list[str]:
    there = types(params)
    return [item for item in types(others) if item not in there and item != "pref"]


def _united(params: Params, others: Params) -> Params:
    items = _new_types(params, others)
    return {**params, "TYPE": (*params.get("TYPE", ()), *items)} if items else params


def _own(place: int, params: Params) -> Params:
    """Return parameters that name nothing of another card (RFC 6350 §5.4, §5.5)."""
    own = without(params, "PID")
    if "ALTID" in own:
        own["ALTID"] = tuple(f"{place}-{item}" for item in own["ALTID"])
    return own


def _without_pref(params: Params) -> Params:
    rest = without(params, "PREF", "TYPE")
    kept = tuple(item for item in params.get("TYPE", ()) if item.lower() != "pref")
    return {**rest, "TYPE": kept} if kept else rest


def _field(line: Line, sources: set[int]) -> Field:
    text = unescape_text(line.value).strip()
    if line.name in BINARY_NAMES:
        media = read_media(line)
        text = f"{media.media_type}, {len(media.octets())} octets" if media.base64 else media.uri
    told = () if line.name in BINARY_NAMES else types(line.params)
    return Field(line.name, told, text, tuple(sorted(sources)))
