"""mbox files (RFC 4155 and its elder kin), read line by line.

A message begins at a line `From ` after an empty line, or at the file's beginning, that ends in a
date; where the first such line has none, any counts. Of each line `>From ` with any number of
`>` one is taken off (mboxrd; in mboxo it is the only one that was put on). Content-Length is not
heeded. Header fields of the file and not of the message are taken out: flags are read from
them, and a message stays the same when its flags change.

A directory is a tree of mailboxes: each mbox file in it is one, `NAME.sbd` (Thunderbird) and
other sub-directories hold those below.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from mail.archives.messages import (
    Archive,
    BrokenMessage,
    Found,
    FoundMailbox,
    FoundMessage,
    NotAnArchive,
    Reading,
    clean_keyword,
    clean_level,
    too_large,
    with_crlf,
)
from mail.flags import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN
from mail.mime.dates import parse_date

LINE = 1 << 20
"""Octets of a line that are looked at together; a longer one comes in pieces."""

_FROM = b"From "
_BLANK = frozenset({b"\n", b"\r\n"})
_DATED = re.compile(rb"From .*\d{1,2}:\d{2}.*\b\d{4}\s*\Z", re.DOTALL)
_DATE = re.compile(rb"(?:[A-Z][a-z]{2},? )?[A-Z][a-z]{2} +\d{1,2} .*|(?:\w{3}, )?\d{1,2} [A-Z].*")
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_META = re.compile(
    rb"^(Status|X-Status|X-Keywords|X-UID|X-IMAP|X-IMAPbase|X-Mozilla-Status2?|X-Mozilla-Keys"
    rb"|Content-Length):[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)\n",
    re.MULTILINE | re.IGNORECASE,
)
_HEADER_END = re.compile(rb"^\r?\n", re.MULTILINE)
_SENT = re.compile(rb"^Date:([^\n]*(?:\n[ \t][^\n]*)*)\n", re.MULTILINE | re.IGNORECASE)
_LETTERS = {
    b"status": {b"R": SEEN},
    b"x-status": {b"A": ANSWERED, b"F": FLAGGED, b"T": DRAFT, b"D": DELETED},
}
_MOZILLA = {0x1: SEEN, 0x2: ANSWERED, 0x4: FLAGGED, 0x8: DELETED}


def open_mbox(path: str, *, largest: int) -> Archive:
    """Look at an mbox file, or at a directory of such."""
    root = Path(path)
    reading = Reading(largest=largest)
    if root.is_dir():
        files = list(_walk(root, ""))
        if not files:
            raise NotAnArchive(f"{path} holds no mbox file: none begins with a line `From `.")
    elif not _is_mbox(root):
        raise NotAnArchive(f"{path} is no mbox file: it does not begin with a line `From `.")
    else:
        files = [(root, "")]
    reading.total = sum(file.stat().st_size for file, _ in files)
    return Archive((FoundMailbox(name, _read(file, reading)) for file, name in files), reading)


def _is_mbox(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(len(_FROM))
        return start == _FROM or not start


def _walk(folder: Path, above: str) -> Iterator[tuple[Path, str]]:
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        name = f"{above}{clean_level(entry.name.removesuffix('.sbd').removesuffix('.mbox'))}"
        if entry.is_dir():
            yield from _walk(entry, f"{name}/")
        elif entry.is_file() and entry.stat().st_size and _is_mbox(entry):
            yield entry, name


@dataclass(slots=True)
class _Raw:
    """A message as its lines come in; of one that is too large the lines are dropped."""

    number: int
    start: bytes
    lines: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, line: bytes, largest: int) -> None:
        self.size += len(line)
        if self.size > largest + len(_FROM):
            self.lines.clear()
        else:
            self.lines.append(line)


def _read(path: Path, reading: Reading) -> Iterator[Found]:
    fallback = int(path.stat().st_mtime)
    with path.open("rb") as file:
        for raw in _cut(file, reading):
            origin = f"{path} message {raw.number}"
            if raw.size > reading.largest:
                yield too_large(origin, reading.largest)
            elif (found := _parse(raw, origin, fallback)) is not None:
                yield found


def _cut(file: BinaryIO, reading: Reading) -> Iterator[_Raw]:
    """Yield the messages between the lines that begin one."""
    raw: _Raw | None = None
    is_after_blank, is_dated, is_whole = True, False, True
    while line := file.readline(LINE):
        if is_after_blank and line.startswith(_FROM) and (not is_dated or _DATED.match(line)):
            if raw is None:
                is_dated = bool(_DATED.match(line))
            else:
                yield raw
            raw = _Raw(1 if raw is None else raw.number + 1, line)
        elif raw is not None:
            raw.add(line, reading.largest)
        is_after_blank = is_whole and line in _BLANK
        is_whole = line.endswith(b"\n")  # else the next is the rest of this one
        reading.done += len(line)
    if raw is not None:
        yield raw


def _parse(raw: _Raw, origin: str, fallback: int) -> Found | None:
    """Return the message of its lines, None for what a mail program keeps for itself."""
    if raw.lines and raw.lines[-1] in _BLANK:
        raw.lines.pop()  # the empty line before the next message
    data = b"".join(raw.lines)
    if not data:
        return BrokenMessage(origin, "it is empty")
    end = _HEADER_END.search(data)
    header, body = (data[: end.start()], data[end.start() :]) if end else (data, b"")
    meta = [(name.lower(), value.strip()) for name, value in _META.findall(header)]
    if b"x-imap" in dict(meta) and b"FOLDER INTERNAL DATA" in header:
        return None
    flags, keywords = _read_flags(meta)
    date, zone = _read_date(raw.start, header, fallback)
    if b">From " in body:
        body = _QUOTED.sub(rb"\1", body)
    kept = _META.sub(b"", header) + body
    return FoundMessage(origin, with_crlf(kept), flags, keywords, date, zone)


def _read_flags(meta: list[tuple[bytes, bytes]]) -> tuple[int, tuple[str, ...]]:
    flags = 0
    keywords: dict[str, None] = {}
    for name, value in meta:
        for letter, flag in _LETTERS.get(name, {}).items():
            flags |= flag if letter in value.upper() else 0
        if name in {b"x-keywords", b"x-mozilla-keys"}:
            keywords.update(dict.fromkeys(map(clean_keyword, value.decode("latin-1").split())))
        elif name == b"x-mozilla-status" and re.fullmatch(rb"[0-9A-Fa-f]{1,8}", value):
            held = int(value, 16)
            flags |= sum(flag for bit, flag in _MOZILLA.items() if held & bit)
    return flags, tuple(keywords)


def _read_date(start: bytes, header: bytes, fallback: int) -> tuple[int, int]:
    """Return the date of the line `From ` (UTC where it has no zone), else Date:, else the file's."""
    words = start[len(_FROM) :].strip()
    _, _, text = words.partition(b" ")
    found = _DATE.search(text)
    sent = parse_date(found[0]) if found else None
    if sent is None and (field_line := _SENT.search(header)):
        sent = parse_date(b" ".join(field_line[1].split()))
    if sent is None:
        return fallback, 0
    return sent.epoch, sent.offset // 60
