"""addressbook-query: which cards are looked for (RFC 6352 §10.5). Pure.

The DAV side reads the XML into these; `matches` is the truth, `needles` and `uid_needles` what an
index may take cards away by before it is asked.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from contacts.vcard.cards import BINARY_NAMES, SEARCHED_NAMES, Card, CardLines
from contacts.vcard.contentlines import Line
from contacts.vcard.matching import TextMatch, needle
from contacts.vcard.values import unescape_text

ANY = any
ALL = all
Test = Callable[[Iterable[object]], bool]
"""How several conditions make one: `ANY` (anyof, the default) or `ALL` (allof)."""


@dataclass(frozen=True, slots=True)
class ParamFilter:
    """A condition on a parameter: defined, not defined, or of a text."""

    name: str
    is_not_defined: bool = False
    text: TextMatch | None = None


@dataclass(frozen=True, slots=True)
class PropFilter:
    """A condition on the properties of a name; `item1.TEL` asks for the group too."""

    name: str
    is_not_defined: bool = False
    texts: tuple[TextMatch, ...] = ()
    params: tuple[ParamFilter, ...] = ()
    test: Test = ANY


@dataclass(frozen=True, slots=True)
class Filter:
    """What an addressbook-query looks for; without conditions, every card."""

    props: tuple[PropFilter, ...] = ()
    test: Test = ANY


def matches(card: Card | CardLines, wanted: Filter) -> bool:
    """Tell whether the card is among those looked for."""
    if not wanted.props:
        return True
    return wanted.test(_has(card, prop) for prop in wanted.props)


def needles(wanted: Filter) -> list[list[str]]:
    """Return groups of folded texts; the `text` of a card that matches holds one of each group.

    Conditions that say nothing of that kind (negations, properties that `text` lacks, texts with
    nothing to look for) are left out, and with them, under `ANY`, all that stand beside them.
    """
    groups = [_prop_needles(prop) for prop in wanted.props]
    if wanted.test is ANY:
        groups = [_union(groups)]
    return [group for group in groups if group]


def uid_needles(wanted: Filter) -> list[str]:
    """Return folded texts; the folded UID of a card that matches holds all of them.

    There are none where a card may match by something else.
    """
    if wanted.test is ANY and len(wanted.props) != 1:
        return []
    found = []
    for prop in wanted.props:
        is_needed = prop.test is ALL or len(prop.texts) + len(prop.params) == 1
        if prop.name.upper() == "UID" and not prop.is_not_defined and is_needed:
            found += [needle(match.text) for match in prop.texts if not match.is_negated]
    return [text for text in found if text]


def _has(card: Card | CardLines, prop: PropFilter) -> bool:
    group, _, name = prop.name.rpartition(".")
    name = name.upper()
    lines = [
        line
        for line in card.lines
        if line.name == name and (not group or line.group.lower() == group.lower())
    ]
    if name == "VERSION" and not group:
        lines = [Line("VERSION", "", {}, card.version)]
    if name == "UID":
        lines = lines[:1]  # the one that the card is kept by
    if prop.is_not_defined:
        return not lines
    return any(_line_matches(line, prop) for line in lines)


def _line_matches(line: Line, prop: PropFilter) -> bool:
    if not prop.texts and not prop.params:
        return True
    text = line.value if line.name in BINARY_NAMES else unescape_text(line.value)
    conditions = [
        *(match.matches(text) for match in prop.texts),
        *(_param_matches(line, param) for param in prop.params),
    ]
    return prop.test(conditions)


def _param_matches(line: Line, param: ParamFilter) -> bool:
    items = line.params.get(param.name.upper())
    if param.is_not_defined:
        return items is None
    if items is None:
        return False
    if param.text is None:
        return True
    pieces = [piece for item in items for piece in {item, *item.split(",")}]
    return any(map(param.text.finds, pieces)) is not param.text.is_negated


def _prop_needles(prop: PropFilter) -> list[str]:
    name = prop.name.rpartition(".")[2].upper()
    if name not in SEARCHED_NAMES or prop.is_not_defined:
        return []
    groups = [[] if match.is_negated else [needle(match.text)] for match in prop.texts]
    if prop.test is ANY:
        return _union([*groups, *([] for _ in prop.params)])
    return max(groups, key=lambda group: len("".join(group)), default=[])


def _union(groups: list[list[str]]) -> list[str]:
    """Return the texts of which one is there where one of the groups holds; [] for no telling."""
    if not all(group and all(group) for group in groups):
        return []
    return [text for group in groups for text in group]
