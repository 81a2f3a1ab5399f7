"""Names in a Maildir: of mailboxes, of messages, and of the files beside them. Pure.

Maildir++ (Courier, Dovecot) keeps every mailbox in a directory of the root, `.Archive.2026`,
each level in modified UTF-7. A `.` in a level cannot be said there: it becomes `_`, and our own
manifest has the name. `&AC4-`, as others write it, is read. A message's name is `UNIQUE:2,FLAGS`; UNIQUE begins with epoch seconds and may hold `,S=SIZE` and other fields.
"""

import re
from typing import NamedTuple

from mail.archives.messages import clean_level
from mail.flags import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN
from mail.names import DELIMITER
from mail.utf7 import decode_utf7, encode_utf7

LETTERS = {"D": DRAFT, "F": FLAGGED, "R": ANSWERED, "S": SEEN, "T": DELETED}
KEYWORD_LETTERS = "abcdefghijklmnopqrstuvwxyz"
"""Letters that stand for the first keywords of `dovecot-keywords`."""
MAX_FILE_NAME = 255

_DOT = b"&AC4-"
"""A `.` in a level as Courier has it; Dovecot refuses a name that is not the one UTF-7 form."""
_TIME = re.compile(r"(-?\d{1,12})[.,]")
_ZONE = re.compile(r",Z=([+-])(\d{2})(\d{2})(?=,|\Z)")


class MessageName(NamedTuple):
    """The parts of a message's file name; `zone` is None where it does not say one."""

    unique: str
    time: int | None
    zone: int | None
    flags: int
    keyword_letters: str
    keywords: tuple[str, ...]


def parse_message_name(name: str) -> MessageName:
    """Cut a file name into its parts; unknown letters are left out."""
    unique, _, info = name.partition(":")
    letters = info.removeprefix("2,") if info.startswith("2,") else ""
    time = _TIME.match(unique)
    zone = None
    if found := _ZONE.search(unique):
        zone = int(found[2]) * 60 + int(found[3])
        zone = -zone if found[1] == "-" else zone
    flags = sum(LETTERS[letter] for letter in set(letters) if letter in LETTERS)
    keyword_letters = "".join(letter for letter in letters if letter in KEYWORD_LETTERS)
    keywords = ("$Forwarded",) if "P" in letters else ()
    time_of_name = int(time[1]) if time else None
    return MessageName(unique, time_of_name, zone, flags, keyword_letters, keywords)


def serialize_message_name(unique: str, flags: int, keyword_letters: str = "") -> str:
    """Return a file name; the letters are in the order of ASCII, as they must be."""
    letters = {letter for letter, flag in LETTERS.items() if flags & flag}
    return f"{unique}:2,{''.join(sorted(letters | set(keyword_letters)))}"


def serialize_zone(minutes: int) -> str:
    """Return the field of a name that keeps the zone of the internal date."""
    hours, rest = divmod(abs(minutes), 60)
    return f",Z={'-' if minutes < 0 else '+'}{hours:02}{rest:02}"


def encode_name(name: str) -> str:
    """Return the directory of a mailbox below the root; nothing for INBOX.

    It may be longer than a file system takes, and of two names be the same.
    """
    if name == "INBOX":
        return ""
    levels = [encode_utf7(level).replace(b".", b"_") for level in name.split(DELIMITER)]
    return "." + b".".join(levels).decode("ascii")


def decode_name(directory: str) -> str:
    """Return the name of a Maildir++ directory; levels that cannot be are brought near."""
    return DELIMITER.join(decode_level(level) for level in directory[1:].split("."))


def decode_level(text: str) -> str:
    """Return one level: modified UTF-7, or what it looks like."""
    raw = text.encode("utf-8", "surrogateescape")
    decoded = decode_utf7(raw.replace(_DOT, b"."))
    return clean_level(raw.decode("utf-8", "replace") if decoded is None else decoded)


def parse_keywords(text: str) -> dict[str, str]:
    """Return keywords by their letters, of a `dovecot-keywords` file: `0 $Junk` is letter a."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        number, _, keyword = line.partition(" ")
        if number.isdecimal() and int(number) < len(KEYWORD_LETTERS) and keyword:
            found[KEYWORD_LETTERS[int(number)]] = keyword.strip()
    return found


def serialize_keywords(keywords: list[str]) -> str:
    """Return the text of a `dovecot-keywords` file."""
    return "".join(f"{number} {keyword}\n" for number, keyword in enumerate(keywords))


def parse_uidlist(text: str) -> dict[str, int]:
    """Return UIDs by unique names, of a `dovecot-uidlist` file of version 3 or 1."""
    found: dict[str, int] = {}
    for line in text.splitlines()[1:]:
        uid, _, rest = line.partition(" ")
        name = rest.partition(":")[2] if ":" in rest else rest
        if uid.isdecimal() and name:
            found[name.partition(":")[0]] = int(uid)
    return found


def serialize_uidlist(uid_validity: int, uid_next: int, uniques: dict[str, int]) -> str:
    """Return the text of a `dovecot-uidlist`, with which Dovecot goes on where this server was."""
    lines = [f"3 V{uid_validity} N{uid_next}\n"]
    lines += [f"{uid} :{unique}\n" for unique, uid in uniques.items()]
    return "".join(lines)


def parse_subscriptions(text: str, separator: str) -> list[str]:
    """Return the names of Dovecot's `subscriptions`: version 2 has tabs between levels."""
    lines = text.splitlines()
    if lines and lines[0].startswith("V\t"):
        lines, separator = lines[1:], "\t"
    levels = [line.split(separator) for line in lines if line.strip()]
    return [DELIMITER.join(map(decode_level, names)) for names in levels]


def serialize_subscriptions(directories: list[str]) -> str:
    """Return the text of a Maildir++ root's `subscriptions` (version 1), of directories."""
    return "".join(f"{directory[1:] or 'INBOX'}\n" for directory in directories)
