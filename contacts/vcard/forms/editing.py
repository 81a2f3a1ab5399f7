"""Forms written: new cards, and what changed of one put into its octets.

    new_card(fields, uid, rev)               -> octets
    change_card(data, card, changes, rev)    -> octets
    put_photo(data, card, photo, rev)        -> octets

Only properties whose value in the form differs are written; all else stays byte for byte, but for
REV. A card in which lines are encoded as quoted-printable is the exception: its lines are written
anew, as what they say.
"""

from __future__ import annotations

import datetime
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from contacts.vcard.cards import KIND_NAMES, KINDS, MEMBER_NAMES, Card
from contacts.vcard.contentlines import Line
from contacts.vcard.dates import OMIT_YEAR, OMITTED_YEAR
from contacts.vcard.entries import member_uri
from contacts.vcard.forms.entries import (
    ENTRIES,
    LABEL,
    EntryKind,
    clean,
    complete,
    is_entry,
    read_entry,
    read_labels,
    same_value,
    write_entry,
)
from contacts.vcard.forms.errors import BadField
from contacts.vcard.forms.reading import NAME_PARTS, member_uid, read_form
from contacts.vcard.forms.sheets import Sheet, open_sheet
from contacts.vcard.media import type_name
from contacts.vcard.values import escape_text, join_list, join_structured

__all__ = ["change_card", "new_card", "put_photo"]

Fields = Mapping[str, Any]
_DAY = re.compile(r"(\d{4}|-)-(\d\d)-(\d\d)", re.ASCII)
_PRODUCT = "-//groupware//groupware//EN"
_EMPTY: dict[str, Any] = {"name": dict.fromkeys(NAME_PARTS, ""), "full_name": ""}


def new_card(fields: Fields, uid: str, rev: str) -> bytes:
    """Return a card of version 3.0, which every client reads; raises `BadField`."""
    sheet = Sheet.new(
        "3.0",
        [Line("PRODID", "", {}, _PRODUCT), Line("UID", "", {}, escape_text(clean(uid, "uid")))],
    )
    _apply(sheet, _EMPTY, fields)
    if not sheet.lines("FN"):
        raise BadField("full_name", "A card has a name: give full_name, or parts of a name.")
    if not sheet.lines("N"):
        sheet.put(("N",), [Line("N", "", {}, _name_of(fields.get("full_name", "")))])
    sheet.put(("REV",), [Line("REV", "", {}, rev)])
    return sheet.octets()


def change_card(data: bytes, card: Card, changes: Fields, rev: str) -> bytes:
    """Return the octets of a card, which are `data`, with changes; raises `BadField`."""
    form = read_form(card)
    if changes.get("name") is not None:
        changes = {**changes, "name": {**form["name"], **changes["name"]}}
    differing = {name: value for name, value in changes.items() if form.get(name) != value}
    if not differing:
        return data
    sheet = open_sheet(data, card)
    before = sheet.octets()
    _apply(sheet, form, differing)
    if sheet.octets() == before:
        return data
    sheet.put(("REV",), [Line("REV", "", {}, rev)])
    return sheet.octets()


def put_photo(data: bytes, card: Card, photo: tuple[str, bytes] | None, rev: str) -> bytes:
    """Return the octets of a card with a photo (media type and octets), or without any."""
    sheet = open_sheet(data, card)
    lines = []
    if photo is not None:
        media_type, octets = photo
        base64 = b64encode(octets).decode()
        if card.version == "4.0":
            lines.append(Line("PHOTO", "", {}, f"data:{media_type};base64,{base64}"))
        else:
            params = {"ENCODING": ("b",), "TYPE": (type_name(media_type),)}
            lines.append(Line("PHOTO", "", params, base64))
    sheet.put(("PHOTO",), lines)
    sheet.put(("REV",), [Line("REV", "", {}, rev)])
    return sheet.octets()


def _apply(sheet: Sheet, form: Fields, changes: Fields) -> None:
    for name, value in changes.items():
        if name in _TEXTS:
            _write_text(sheet, _TEXTS[name], value, name)
        elif name in _WRITERS:
            _WRITERS[name](sheet, value)
    for kind in ENTRIES:
        if kind.field in changes:
            _write_entries(sheet, kind, changes[kind.field] or ())
    if changes.keys() & {"organization", "units"}:
        _write_organization(sheet, {**form, **changes})
    if changes.keys() & {"name", "full_name"}:
        _write_names(sheet, form, changes)


# Single properties

_TEXTS = {"title": "TITLE", "role": "ROLE", "note": "NOTE"}


def _write_text(sheet: Sheet, prop: str, value: str | None, field: str) -> None:
    held = sheet.lines(prop)
    text = clean(value or "", field)
    line = held[0] if held else Line(prop, "", {}, "")
    sheet.put((prop,), [line._replace(value=escape_text(text)), *held[1:]] if text else [])


def _write_list(prop: str, field: str) -> Callable[[Sheet, Any], None]:
    def write(sheet: Sheet, value: Iterable[str] | None) -> None:
        texts = [clean(text.strip(), field) for text in value or ()]
        wanted = [text for text in dict.fromkeys(texts) if text]
        sheet.put((prop,), [Line(prop, "", {}, join_list(wanted))] if wanted else [])

    return write


def _write_day(prop: str, field: str, *others: str) -> Callable[[Sheet, Any], None]:
    def write(sheet: Sheet, value: str | None) -> None:
        sheet.put((prop, *others), [_day_line(prop, field, value, sheet.version)] if value else [])

    return write


def _day_line(prop: str, field: str, value: str, version: str) -> Line:
    found = _DAY.fullmatch(value)
    if found is None or not _is_day(*found.groups()):
        text = f"{value[:40]!r} is no day: write 1980-01-31, or --01-31 without the year."
        raise BadField(field, text)
    if version == "4.0":
        return Line(prop, "", {}, f"{'--' if found[1] == '-' else found[1]}{found[2]}{found[3]}")
    if found[1] == "-":
        params = {OMIT_YEAR: (OMITTED_YEAR,)}
        return Line(prop, "", params, f"{OMITTED_YEAR}-{found[2]}-{found[3]}")
    return Line(prop, "", {}, value)


def _is_day(year: str, month: str, day: str) -> bool:
    try:
        datetime.date(2000 if year == "-" else int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def _write_kind(sheet: Sheet, value: str | None) -> None:
    if value not in {*KINDS, None}:
        raise BadField("kind", f"A card is of one of the kinds {', '.join(KINDS)}.")
    name = "KIND" if sheet.version == "4.0" else "X-ADDRESSBOOKSERVER-KIND"
    is_told = value not in {None, "individual"}
    sheet.put(KIND_NAMES, [Line(name, "", {}, str(value))] if is_told else [])


def _write_members(sheet: Sheet, value: Iterable[str] | None) -> None:
    name = "MEMBER" if sheet.version == "4.0" else "X-ADDRESSBOOKSERVER-MEMBER"
    held = {member_uid(line.value.strip()): line for line in sheet.lines(*MEMBER_NAMES)}
    lines = []
    for uid in dict.fromkeys(value or ()):
        if not uid or re.search(r"\s", uid) or clean(uid, "members") != uid:
            raise BadField("members", "A member is told by the uid of its card.")
        made = Line(name, "", {}, uid if ":" in uid else member_uri(uid))
        lines.append(held.get(uid, made))
    sheet.put(MEMBER_NAMES, lines)


_WRITERS: dict[str, Callable[[Sheet, Any], None]] = {
    "kind": _write_kind,
    "members": _write_members,
    "nicknames": _write_list("NICKNAME", "nicknames"),
    "categories": _write_list("CATEGORIES", "categories"),
    "birthday": _write_day("BDAY", "birthday"),
    "anniversary": _write_day("ANNIVERSARY", "anniversary", "X-ANNIVERSARY"),
}


# Names


def _write_organization(sheet: Sheet, form: Fields) -> None:
    texts = [form.get("organization") or "", *(form.get("units") or ())]
    texts = [clean(text, "organization") for text in texts]
    held = sheet.lines("ORG")
    line = held[0] if held else Line("ORG", "", {}, "")
    value = join_structured([[text] for text in texts])
    sheet.put(("ORG",), [line._replace(value=value)] if any(texts) else [])


def _write_names(sheet: Sheet, form: Fields, changes: Fields) -> None:
    """Write N and FN; where only the parts are told, FN follows them."""
    if changes.get("name") is not None:
        parts = {**dict.fromkeys(NAME_PARTS, ""), **changes["name"]}
        _put_first(
            sheet, "N", join_structured([[clean(parts[part], "name")] for part in NAME_PARTS])
        )
    full_name = changes.get("full_name")
    follows = form["full_name"] == _display(form["name"])
    if full_name is None and follows and changes.get("name") is not None:
        full_name = _display({**form["name"], **changes["name"]})
    if full_name is not None:
        text = clean(full_name, "full_name").strip()
        if not text:
            raise BadField("full_name", "A card has a name.")
        _put_first(sheet, "FN", escape_text(text))


def _put_first(sheet: Sheet, prop: str, value: str) -> None:
    """Write the first line of a property; what it says beside its value, and the others, stay."""
    held = sheet.lines(prop)
    line = held[0] if held else Line(prop, "", {}, "")
    sheet.put((prop,), [line._replace(value=value), *held[1:]])


def _display(parts: Mapping[str, str]) -> str:
    order = ("prefixes", "given", "additional", "family", "suffixes")
    return " ".join(parts[name] for name in order if parts.get(name))


def _name_of(full_name: str) -> str:
    given, _, family = full_name.rpartition(" ")
    return join_structured([[family], [given], [""], [""], [""]])


# Entries


def _write_entries(sheet: Sheet, kind: EntryKind, wanted: Iterable[Fields]) -> None:
    """Write the entries of a field; those that stay as they are keep their octets."""
    labels = read_labels(sheet.lines(LABEL))
    held = [line for line in sheet.lines(kind.prop) if is_entry(kind, line)]
    others = [line for line in sheet.lines(kind.prop) if not is_entry(kind, line)]
    forms = [complete(kind, entry) for entry in wanted]
    lines: list[Line] = []
    for form in forms:
        same = next((line for line in held if read_entry(kind, line, labels) == form), None)
        same = same or next((line for line in held if same_value(kind, line, form)), None)
        if same is not None:
            held.remove(same)
        if same is not None and read_entry(kind, same, labels) == form:
            lines.append(same)
            continue
        line = write_entry(kind, same, form, sheet.version)
        lines.append(sheet.label(line, form["label"], labels))
    sheet.put((kind.prop,), [*lines, *others])
    sheet.drop_labels()
