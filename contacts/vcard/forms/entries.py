"""What a card has several of: mail addresses, numbers, postal addresses, links. Pure.

An entry is a line: its value by a name of its own, `contexts` (private, work), for a number
`features`, whether it is `preferred`, and a `label` in a person's own words, which Apple's programs
keep in a line of the same group. Other types and parameters stay with the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from contacts.vcard.cards import types
from contacts.vcard.contentlines import Line
from contacts.vcard.forms.errors import BadField
from contacts.vcard.values import (
    escape_text,
    join_structured,
    split_structured,
    unescape_text,
)

__all__ = ["CONTEXTS", "ENTRIES", "FEATURES", "LABEL", "EntryKind", "read_entries"]

CONTEXTS = ("private", "work")
FEATURES = ("voice", "mobile", "text", "fax", "pager", "video", "textphone", "main-number")
LABEL = "X-ABLABEL"
POSTAL = ("po_box", "extended", "street", "locality", "region", "postcode", "country")
_CONTEXT_TYPES = {"private": "home", "work": "work"}
_FEATURE_TYPES = {feature: feature for feature in FEATURES} | {"mobile": "cell"}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_APPLE_LABEL = re.compile(r"_\$!<(.*)>!\$_")
_SCHEME = re.compile(r"(?:tel|mailto):", re.IGNORECASE)


class EntryKind(NamedTuple):
    """A field of the form: its property, and how a value is read and written."""

    field: str
    prop: str
    names: tuple[str, ...]
    read: Callable[[Line], dict[str, Any]]
    write: Callable[[Mapping[str, Any]], str]
    has_features: bool = False


def clean(text: str, field: str) -> str:
    """Return a text that a line may hold; raises `BadField`."""
    if _CONTROL.search(text):
        raise BadField(field, "A text has no control characters but tabs and line breaks.")
    return text


def read_entries(kind: EntryKind, lines: Sequence[Line], labels: Mapping[str, str]) -> list[Any]:
    """Return the entries of a field, in the order of the card; empty ones are none."""
    return [read_entry(kind, line, labels) for line in lines if is_entry(kind, line)]


def is_entry(kind: EntryKind, line: Line) -> bool:
    """Tell whether a line says an entry of a field."""
    return line.name == kind.prop and any(kind.read(line).values())


def read_labels(lines: Iterable[Line]) -> dict[str, str]:
    """Return the labels of a card, by group."""
    found = {
        line.group: unescape_text(line.value).strip()
        for line in lines
        if line.name == LABEL and line.group
    }
    return {group: _APPLE_LABEL.sub(r"\1", text) for group, text in found.items()}


def read_entry(kind: EntryKind, line: Line, labels: Mapping[str, str]) -> dict[str, Any]:
    """Return an entry of a field."""
    held = set(types(line.params))
    entry = dict(kind.read(line))
    entry["contexts"] = [name for name in CONTEXTS if _CONTEXT_TYPES[name] in held]
    if kind.has_features:
        entry["features"] = [name for name in FEATURES if _FEATURE_TYPES[name] in held]
    entry["label"] = labels.get(line.group, "") if line.group else ""
    entry["preferred"] = "pref" in held or line.params.get("PREF") == ("1",)
    return entry


def complete(kind: EntryKind, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry as `read_entry` would have it; raises `BadField` for one without a value."""
    told: dict[str, Any] = {
        name: clean(entry.get(name) or "", kind.field).strip() for name in kind.names
    }
    if not any(told.values()):
        raise BadField(kind.field, f"An entry says one of {', '.join(kind.names)}.")
    told["contexts"] = [name for name in CONTEXTS if name in entry.get("contexts", ())]
    if kind.has_features:
        told["features"] = [name for name in FEATURES if name in entry.get("features", ())]
    told["label"] = clean(entry.get("label") or "", kind.field).strip()
    told["preferred"] = bool(entry.get("preferred"))
    return told


def write_entry(kind: EntryKind, held: Line | None, entry: Mapping[str, Any], version: str) -> Line:
    """Return the line that says an entry, made of one that said the same value where there is one."""
    line = held or Line(kind.prop, "", {}, kind.write(entry))
    known = {*_CONTEXT_TYPES.values(), "pref"}
    known |= set(_FEATURE_TYPES.values()) if kind.has_features else set()
    items = [
        piece
        for item in line.params.get("TYPE", ())
        for piece in item.split(",")
        if piece.strip().lower() not in known
    ]
    if held is None and kind.prop == "EMAIL" and version != "4.0":
        items.append("INTERNET")
    items += [_CONTEXT_TYPES[name] for name in entry["contexts"]]
    items += [_FEATURE_TYPES[name] for name in entry.get("features", ())]
    params = {name: values for name, values in line.params.items() if name != "TYPE"}
    if version == "4.0":
        if entry["preferred"]:
            params["PREF"] = ("1",)
        elif params.get("PREF") == ("1",):
            del params["PREF"]
    elif entry["preferred"]:
        items.append("pref")
    return line._replace(params={**params, **({"TYPE": tuple(items)} if items else {})})


def same_value(kind: EntryKind, line: Line, entry: Mapping[str, Any]) -> bool:
    """Tell whether a line has the value of an entry, whatever else it says of it."""
    told = kind.read(line)
    return all(told[name] == entry[name] for name in kind.names)


def _read_uri(name: str) -> Callable[[Line], dict[str, Any]]:
    def read(line: Line) -> dict[str, Any]:
        return {name: _SCHEME.sub("", unescape_text(line.value).strip(), 1)}

    return read


def _read_link(line: Line) -> dict[str, Any]:
    return {"uri": unescape_text(line.value).strip()}


def _write_text(name: str) -> Callable[[Mapping[str, Any]], str]:
    def write(entry: Mapping[str, Any]) -> str:
        return escape_text(entry[name])

    return write


def _write_link(entry: Mapping[str, Any]) -> str:
    """Return a URI, which has no escapes: a line break would end its line."""
    if re.search(r"\s", entry["uri"]):
        raise BadField("links", "An address on the web has no space.")
    return str(entry["uri"])


def _read_postal(line: Line) -> dict[str, Any]:
    parts = split_structured(line.value)
    told = [", ".join(text for text in part if text) for part in parts[: len(POSTAL)]]
    return dict(zip(POSTAL, told + [""] * (len(POSTAL) - len(told)), strict=True))


def _write_postal(entry: Mapping[str, Any]) -> str:
    return join_structured([[entry[name]] for name in POSTAL])


ENTRIES = (
    EntryKind("emails", "EMAIL", ("address",), _read_uri("address"), _write_text("address")),
    EntryKind("phones", "TEL", ("number",), _read_uri("number"), _write_text("number"), True),  # noqa: FBT003
    EntryKind("addresses", "ADR", POSTAL, _read_postal, _write_postal),
    EntryKind("links", "URL", ("uri",), _read_link, _write_link),
)
