"""Cards of a directory: of people, rooms, groups as the kernel knows them. Pure.

Version 3.0, which every client reads; groups as Apple writes them, which `versions` turns into
those of 4.0.
"""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256

from contacts.vcard.contentlines import Line
from contacts.vcard.media import type_name
from contacts.vcard.serialize import serialize_card
from contacts.vcard.values import escape_text, join_structured


@dataclass(frozen=True, slots=True)
class Entry:
    """What a directory knows of somebody; `mails` the primary one first, `members` as URIs."""

    uid: str
    kind: str
    full_name: str
    mails: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    photo: tuple[str, bytes] | None = None
    """Media type and octets."""


def make_uid(*names: str | int) -> str:
    """Return the UID of what is named so: a UUID of the custom kind (RFC 9562 §5.8)."""
    digits = sha256("/".join(map(str, names)).encode()).hexdigest()
    parts = (digits[:8], digits[8:12], f"8{digits[13:16]}", f"8{digits[17:20]}", digits[20:32])
    return "-".join(parts)


def member_uri(uid: str) -> str:
    """Return what leads a group to the card of a member."""
    return f"urn:uuid:{uid}"


def serialize_entry(entry: Entry) -> bytes:
    """Return the card of an entry: the same for the same."""
    lines = [
        Line("PRODID", "", {}, "-//groupware//Directory//EN"),
        Line("UID", "", {}, entry.uid),
        Line("FN", "", {}, escape_text(entry.full_name)),
        Line("N", "", {}, _name(entry)),
    ]
    if entry.kind != "individual":
        lines.append(Line("X-ADDRESSBOOKSERVER-KIND", "", {}, entry.kind))
    for place, mail in enumerate(entry.mails):
        types = ("INTERNET", "WORK", "pref") if place == 0 else ("INTERNET", "WORK")
        lines.append(Line("EMAIL", "", {"TYPE": types}, escape_text(mail)))
    lines += [Line("X-ADDRESSBOOKSERVER-MEMBER", "", {}, uri) for uri in entry.members]
    if entry.photo is not None:
        media_type, octets = entry.photo
        params = {"ENCODING": ("b",), "TYPE": (type_name(media_type),)}
        lines.append(Line("PHOTO", "", params, b64encode(octets).decode()))
    return serialize_card("3.0", lines)


def _name(entry: Entry) -> str:
    """Return N: of a person the last word is taken for the family's name."""
    given, _, family = entry.full_name.rpartition(" ")
    if entry.kind != "individual":
        given, family = "", entry.full_name
    return join_structured([[family], [given], [""], [""], [""]])
