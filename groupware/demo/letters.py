"""Reading the written messages from texts/*.toml. Pure; the format is in texts/README.md."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from groupware.demo.workdays import When, parse_when

TEXTS = Path(__file__).parent / "texts"
NOT_LETTERS = "people.toml"

_RENAMED = {"from": "sender", "attachment": "attachments"}
_TUPLES = ("to", "cc", "unread", "flagged")


class BadText(ValueError):
    """A text is not written as texts/README.md says; names the file and the message."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """Something that a message carries, made when the message is composed.

    `kind` is pdf, csv, text, chart, logo, event or letter. With a `cid` it belongs to the HTML
    that shows it.
    """

    kind: str
    name: str
    cid: str = ""
    text: str = ""
    values: tuple[float, ...] = ()
    letter: str = ""
    summary: str = ""
    location: str = ""
    day: int = 0  # working days from today, for an event
    start: str = "09:00"
    end: str = "10:00"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it was written: keys of people, no dates, no octets."""

    id: str
    sender: str
    when: When
    text: str
    subject: str
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    lang: str = "en"
    parent: "Letter | None" = None
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    charset: str = "utf-8"
    encoding: str = ""  # 7bit, 8bit, quoted-printable or base64; empty leaves it to the composer
    flowed: bool = False
    raw_headers: bool = False
    quote: bool = True
    draft: bool = False
    unread: tuple[str, ...] = ()
    flagged: tuple[str, ...] = ()
    keywords: Mapping[str, list[str]] = field(default_factory=dict)
    file: Mapping[str, str] = field(default_factory=dict)

    def ancestors(self) -> Iterator["Letter"]:
        """Yield the letters before this one in its conversation, the nearest first."""
        letter = self.parent
        while letter is not None:
            yield letter
            letter = letter.parent


def read_letters(folder: Path = TEXTS) -> list[Letter]:
    """Return every written message, the oldest first; raises `BadText`."""
    letters: dict[str, Letter] = {}
    for path in sorted(folder.glob("*.toml")):
        if path.name != NOT_LETTERS:
            for thread in tomllib.loads(path.read_text("utf-8"))["thread"]:
                _read_thread(path.name, thread, letters)
    return sorted(letters.values(), key=lambda letter: letter.when.sort_key())


def _read_thread(name: str, thread: Mapping[str, Any], letters: dict[str, Letter]) -> None:
    """Add the messages of a conversation; each answers the one before unless it says which."""
    last: Letter | None = None
    for table in thread["message"]:
        label = f"{name}: {table.get('id', 'a message without id')}"
        if table.get("id") in letters:
            raise BadText(f"{label}: the id is taken")
        try:
            last = _read_letter({**table}, thread, last, letters)
        except (KeyError, TypeError, ValueError) as error:
            raise BadText(f"{label}: {error}") from error
        letters[last.id] = last


def _read_letter(
    table: dict[str, Any],
    thread: Mapping[str, Any],
    last: Letter | None,
    letters: Mapping[str, Letter],
) -> Letter:
    parent = letters[table.pop("reply_to")] if "reply_to" in table else last
    if parent is not None and not parent.when.sort_key() < parse_when(table["when"]).sort_key():
        raise BadText("it answers what was written later")
    subject = table.pop("subject", thread["subject"])
    answered = parent is not None and subject == thread["subject"]
    values: dict[str, Any] = {
        _RENAMED.get(key, key): tuple(value) if key in _TUPLES else value
        for key, value in table.items()
    }
    _refuse_unknown(values)
    values["when"] = parse_when(values["when"])
    values["text"] = values["text"].strip("\n") + "\n"
    values["attachments"] = tuple(map(_read_attachment, values.get("attachments", ())))
    values.setdefault("lang", thread.get("lang", "en"))
    return Letter(subject=f"Re: {subject}" if answered else subject, parent=parent, **values)


def _refuse_unknown(values: Mapping[str, Any]) -> None:
    unknown = values.keys() - {item.name for item in fields(Letter)}
    if unknown:
        raise BadText(f"nobody reads {', '.join(sorted(unknown))}")


def _read_attachment(table: Mapping[str, Any]) -> Attachment:
    return Attachment(**{**table, "values": tuple(table.get("values", ()))})
