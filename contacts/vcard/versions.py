"""A card in the other version, for who asks for it (RFC 6352 §5.1: 3.0 and 4.0). Pure.

What both can say is said in each one's way (RFC 6350 against RFC 2426, and Apple's names for
groups). What the other version has no word for stays as it was written, so that it is there again
when the card comes back; programs pass over what they do not know.
"""

from contacts.vcard.cards import BINARY_NAMES, OLD_VERSION, Card, types
from contacts.vcard.contentlines import Line, Params
from contacts.vcard.conversions import TO_3, TO_4, as_it_is, without
from contacts.vcard.serialize import serialize_card
from contacts.vcard.values import escape_text, unescape_text

_RENAMED = {"X-ADDRESSBOOKSERVER-KIND": "KIND", "X-ADDRESSBOOKSERVER-MEMBER": "MEMBER"}
_RENAMED_BACK = {new: old for old, new in _RENAMED.items()}
_LOWEST_PREF = 101


def convert(card: Card, version: str) -> bytes:
    """Return the card in this version, 3.0 or 4.0; in its own, its lines as they are."""
    lines = list(card.lines)
    if version == "4.0" and card.version != version:
        lines = _to_4(card)
    elif version != "4.0" and card.version == "4.0":
        lines = _to_3(card)
    elif card.version == OLD_VERSION:
        lines = _with_names(card, lines, "FN", "N")
    return serialize_card(version, lines)


def _to_4(card: Card) -> list[Line]:
    lines = [TO_4.get(line.name, as_it_is)(line) for line in card.lines]
    lines = [_pref_to_4(line._replace(name=_RENAMED.get(line.name, line.name))) for line in lines]
    return _with_names(card, _sort_as(_labels_to_params(lines)), "FN")


def _to_3(card: Card) -> list[Line]:
    lines: list[Line] = []
    lowest = _lowest_prefs(card.lines)
    for line in card.lines:
        converted = TO_3.get(line.name, as_it_is)(line)
        converted = converted._replace(name=_RENAMED_BACK.get(line.name, line.name))
        lines += _param_to_line(_pref_to_3(converted, lowest))
    return _with_names(card, lines, "FN", "N")


def _with_names(card: Card, lines: list[Line], *names: str) -> list[Line]:
    """Return the lines, before them the names that the version asks for and the card lacks."""
    there = {line.name for line in lines}
    full_name = escape_text(card.full_name)
    made = {"FN": Line("FN", "", {}, full_name), "N": Line("N", "", {}, f"{full_name};;;;")}
    return [*(made[name] for name in names if name not in there), *lines]


def _with_types(params: Params, items: list[str]) -> dict[str, tuple[str, ...]]:
    return without(params, "TYPE") | ({"TYPE": tuple(items)} if items else {})


def _items(params: Params) -> list[str]:
    return [piece for item in params.get("TYPE", ()) for piece in item.split(",") if piece]


# PREF (RFC 6350 §5.3) and TYPE=pref (RFC 2426 §3.2.1, §3.3.1)


def _pref_to_4(line: Line) -> Line:
    if "TYPE" not in line.params or line.name in BINARY_NAMES:
        return line
    items = _items(line.params)
    kept = [item for item in items if item.lower() not in {"pref", "internet"}]
    params = _with_types(line.params, kept)
    if "pref" in types(line.params):
        params.setdefault("PREF", ("1",))
    return line._replace(params=params)


def _pref_to_3(line: Line, lowest: dict[str, int]) -> Line:
    params = without(line.params, "PREF") if "PREF" in line.params else line.params
    if line.name in BINARY_NAMES:
        return line._replace(params=params)
    if "TYPE" in params:
        params = _with_types(params, _items(params))
    if _pref(line) < _LOWEST_PREF and _pref(line) == lowest.get(line.name):
        params = _with_types(params, [*_items(params), "pref"])
    return line._replace(params=params)


def _lowest_prefs(lines: tuple[Line, ...]) -> dict[str, int]:
    lowest: dict[str, int] = {}
    for line in lines:
        lowest[line.name] = min(_pref(line), lowest.get(line.name, _LOWEST_PREF))
    return lowest


def _pref(line: Line) -> int:
    text = line.params.get("PREF", ("",))[0]
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else _LOWEST_PREF


# LABEL (RFC 2426 §3.2.2) and the parameter of ADR; SORT-STRING (§3.6.5) and SORT-AS


def _labels_to_params(lines: list[Line]) -> list[Line]:
    """Return the lines with each label in the first address of its types that has none."""
    kept = list(lines)
    for label in [line for line in lines if line.name == "LABEL"]:
        for index, line in enumerate(kept):
            if line.name == "ADR" and "LABEL" not in line.params and _is_alike(line, label):
                params = {**line.params, "LABEL": (unescape_text(label.value),)}
                kept[index] = line._replace(params=params)
                kept.remove(label)
                break
    return kept


def _is_alike(one: Line, other: Line) -> bool:
    return one.group == other.group and set(types(one.params)) == set(types(other.params))


def _sort_as(lines: list[Line]) -> list[Line]:
    sort = next((line for line in lines if line.name == "SORT-STRING"), None)
    name = next((line for line in lines if line.name == "N"), None)
    if sort is None or name is None or "SORT-AS" in name.params:
        return lines
    params = {**name.params, "SORT-AS": (unescape_text(sort.value),)}
    return [
        line._replace(params=params) if line is name else line for line in lines if line is not sort
    ]


def _param_to_line(line: Line) -> list[Line]:
    """Return the line of 3.0, and the one that says what a parameter of 4.0 said."""
    if line.name == "ADR" and "LABEL" in line.params:
        label = escape_text(line.params["LABEL"][0])
        params = without(line.params, "LABEL")
        return [line._replace(params=params), Line("LABEL", line.group, params, label)]
    if line.name == "N" and "SORT-AS" in line.params:
        sort = escape_text(",".join(line.params["SORT-AS"]))
        bare = line._replace(params=without(line.params, "SORT-AS"))
        return [bare, Line("SORT-STRING", "", {}, sort)]
    return [line]
