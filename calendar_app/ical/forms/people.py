"""People of a form: `organizer` and `participants` (ORGANIZER, ATTENDEE).

A participant is told by his address. What a line says beyond the form (DELEGATED-TO, SENT-BY, what
programs add) stays with him.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from calendar_app.ical.components import Component, Line
from calendar_app.ical.nodes import Node
from contacts.vcard.forms.errors import BadField

__all__ = ["PARTICIPANT_STATES", "ROLES", "read_people", "write_organizer", "write_participants"]

ROLES = {
    "required": "REQ-PARTICIPANT",
    "optional": "OPT-PARTICIPANT",
    "informational": "NON-PARTICIPANT",
    "chair": "CHAIR",
}
"""What somebody is to an event (RFC 5545 §3.2.16)."""
KINDS = ("individual", "group", "resource", "room", "unknown")
PARTICIPANT_STATES = (
    *("needs-action", "accepted", "declined", "tentative", "delegated"),
    *("completed", "in-process"),
)
"""What somebody answered (§3.2.12)."""
_ROLE_NAMES = {value: name for name, value in ROLES.items()}
_MAILTO = re.compile(r"mailto:", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")


def read_people(component: Component) -> dict[str, Any]:
    """Return who an event concerns."""
    organizer = component.first("ORGANIZER")
    return {
        "organizer": _read_organizer(organizer) if organizer is not None else None,
        "participants": [_read_participant(line) for line in component.all("ATTENDEE")],
    }


def _read_organizer(line: Line) -> dict[str, Any]:
    return {"email": _address(line), "name": _param(line, "CN")}


def _read_participant(line: Line) -> dict[str, Any]:
    role = _param(line, "ROLE").upper()
    kind = _param(line, "CUTYPE").lower() or "individual"
    status = _param(line, "PARTSTAT").lower() or "needs-action"
    return {
        "email": _address(line),
        "name": _param(line, "CN"),
        "role": _ROLE_NAMES.get(role, "required"),
        "kind": kind if kind in KINDS else "unknown",
        "status": status if status in PARTICIPANT_STATES else "needs-action",
        "rsvp": _param(line, "RSVP").upper() == "TRUE",
    }


def _param(line: Line, name: str) -> str:
    return line.params.get(name, ("",))[0]


def _address(line: Line) -> str:
    return _param(line, "EMAIL") or _MAILTO.sub("", line.value.strip(), 1)


def write_organizer(node: Node, wanted: Mapping[str, Any] | None) -> None:
    """Write who invites; raises `BadField`."""
    if wanted is None:
        node.put("ORGANIZER", [])
        return
    held = [raw.line for raw in node.lines("ORGANIZER")]
    line = held[0] if held else None
    if line is not None and _address(line).lower() == wanted["email"].lower():
        base = line
    else:
        base = Line("ORGANIZER", "", {}, _uri(wanted["email"], "organizer"))
    node.put("ORGANIZER", [_with(base, {"CN": _text(wanted.get("name", ""), "organizer")})])


def write_participants(node: Node, wanted: Iterable[Mapping[str, Any]]) -> None:
    """Write who takes part; who stays as he was keeps his line. Raises `BadField`."""
    held = {_address(raw.line).lower(): raw.line for raw in node.lines("ATTENDEE")}
    lines: dict[str, Line] = {}
    for participant in wanted:
        key = participant["email"].lower()
        if key in lines:
            raise BadField("participants", f"{participant['email']} is named twice.")
        lines[key] = _participant_line(held.get(key), participant)
    node.put("ATTENDEE", lines.values())


def _participant_line(held: Line | None, wanted: Mapping[str, Any]) -> Line:
    line = held or Line("ATTENDEE", "", {}, _uri(wanted["email"], "participants"))
    now = _read_participant(line)
    form = {**now, **wanted}
    if held is not None and all(form[name] == now[name] for name in now if name != "email"):
        return held
    told = {
        "CN": _text(form["name"], "participants"),
        "CUTYPE": "" if form["kind"] == "individual" else form["kind"].upper(),
        "ROLE": ROLES[form["role"]],
        "PARTSTAT": form["status"].upper(),
        "RSVP": "TRUE" if form["rsvp"] else "",
    }
    return _with(line, told)


def _with(line: Line, params: Mapping[str, str]) -> Line:
    """Return a line with parameters set, those that are "" left out; others stay."""
    kept = {name: items for name, items in line.params.items() if params.get(name) != ""}
    set_ = {name: (value,) for name, value in params.items() if value}
    return line._replace(params={**kept, **set_})


def _uri(email: str, field: str) -> str:
    if _ADDRESS.fullmatch(email):
        return f"mailto:{email}"
    if _URI.fullmatch(email) and "@" not in email:
        return email
    raise BadField(field, f"{email[:60]!r} is no address: write name@domain.")


def _text(text: str, field: str) -> str:
    if _CONTROL.search(text):
        raise BadField(field, "A name is one line without control characters.")
    return text
