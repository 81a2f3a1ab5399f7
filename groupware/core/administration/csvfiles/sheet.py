"""What spreadsheets write: octets become rows of cells, and those what they say of accounts.

UTF-8 with and without its mark, UTF-16 with one, and Windows-1252; commas, semicolons or tabs; headings in
English or Italian, in any order. Nothing here looks at the directory.
"""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from groupware.core import limits
from groupware.core.administration.csvfiles import cells
from groupware.core.errors import Invalid, LimitExceeded, TooLarge
from groupware.core.languages import localized

MOST_COLUMNS = 100
DELIMITERS = ",;\t"
_ENCODINGS, _WITH_MARK = ("utf-8-sig", "cp1252"), ("utf-16",)
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a row says of an account; None or nothing where it says nothing."""

    line: int
    address: str
    name: str | None = None
    kind: str | None = None
    quota: int | None = None
    enabled: bool | None = None
    aliases: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    password: str | None = field(default=None, repr=False)

    def keep(self) -> dict[str, Any]:
        """Return what may be kept in the clear: everything but the password."""
        return {key: held for key, held in asdict(self).items() if key != cells.PASSWORD}

    @classmethod
    def kept(cls, held: dict[str, Any]) -> "Wanted":
        """Return what `keep` kept."""
        lists = {key: tuple(held[key]) for key in (cells.ALIASES, cells.GROUPS)}
        return cls(**{**held, **lists})

    def with_password(self, password: str | None) -> "Wanted":
        """Return the same with a password, or without one."""
        return replace(self, password=password)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that says what cannot be."""

    line: int
    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a file, and the headings of columns that mean nothing here."""

    rows: Sequence[Wanted | Unreadable]
    unread: Sequence[str]


def read_sheet(octets: bytes) -> Sheet:
    """Read a file; raises `Invalid`, `TooLarge` and `LimitExceeded` where it is none as a whole."""
    if len(octets) > limits.ACCOUNT_FILE_SIZE.value:
        text = _("The file has more than %(most)s octets: import it in parts.")
        raise TooLarge(text % {"most": limits.ACCOUNT_FILE_SIZE.value})
    text = _decode(octets)
    if text[:4].casefold() == "sep=":  # Excel's own line, which says the delimiter
        text = text.partition("\n")[2]
        skipped = 1
    else:
        skipped = 0
    records = _records(text, _delimiter(text), skipped)
    columns, unread = _read_head(next(records, (0, []))[1])
    rows: list[Wanted | Unreadable] = []
    for line, record in records:
        if len(rows) >= limits.ACCOUNT_FILE_ROWS.value:
            text = _("The file has more than %(most)s rows: import it in parts.")
            raise LimitExceeded(text % {"most": limits.ACCOUNT_FILE_ROWS.value})
        rows.append(_read_row(line, record, columns))
    return Sheet(rows, unread)


def _decode(octets: bytes) -> str:
    for encoding in _WITH_MARK if octets.startswith(_UTF_16) else _ENCODINGS:
        try:
            return octets.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid(_("The file is no text: save it as CSV in UTF-8, then import that."))


def _delimiter(text: str) -> str:
    """Return the delimiter by which the most headings are known."""
    known = {mark: len(_known(next(_cut(text, mark), []))) for mark in DELIMITERS}
    return max(DELIMITERS, key=lambda mark: known[mark])


def _known(record: Sequence[str]) -> set[str]:
    return {
        held for cell in record[:MOST_COLUMNS] if (held := cells.FIELD_OF.get(cells.fold(cell)))
    }


def _cut(text: str, mark: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    except csv.Error:
        return


def _records(text: str, mark: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the records with something in them, each with the line that it begins in."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    line = 0
    try:
        for record in reader:
            if any(cell.strip() for cell in record):
                yield skipped + line + 1, record
            line = reader.line_num
    except csv.Error as error:
        text = _("Line %(line)s is no CSV: look at its quotation marks.")
        raise Invalid(text % {"line": skipped + line + 1}, detail=str(error)) from error


def _read_head(record: Sequence[str]) -> tuple[list[str | None], list[str]]:
    """Return the field of each column, and the headings that are none."""
    if len(record) > MOST_COLUMNS:
        raise Invalid(_("The file has more than %(most)s columns.") % {"most": MOST_COLUMNS})
    columns = [cells.FIELD_OF.get(cells.fold(cell)) for cell in record]
    named = [column for column in columns if column is not None]
    if cells.ADDRESS not in named:
        raise Invalid(
            _(
                "The first line has no column “address”: it names the columns, such as"
                " address, name, quota, aliases, groups."
            )
        )
    if twice := next((column for column in named if named.count(column) > 1), None):
        raise Invalid(_("Two columns say the %(field)s: keep one.") % {"field": twice})
    pairs = zip(record, columns, strict=True)
    return columns, [
        cell.strip()[:100] for cell, column in pairs if column is None and cell.strip()
    ]


def _read_row(
    line: int, record: Sequence[str], columns: Sequence[str | None]
) -> Wanted | Unreadable:
    held = {
        column: cells.unguard(cell) if column == cells.PASSWORD else cells.unguard(cell).strip()
        for cell, column in zip(record, columns, strict=False)
        if column is not None
    }
    address = held.get(cells.ADDRESS, "")
    try:
        _check_width(record, len(columns))
        return _read_cells(line, address, held)
    except Invalid as error:
        return Unreadable(line, address[:320], localized(error))


def _check_width(record: Sequence[str], columns: int) -> None:
    if any(cell.strip() for cell in record[columns:]):
        raise Invalid(_("It has more cells than there are columns: look at its delimiters."))


def _read_cells(line: int, address: str, held: dict[str, str]) -> Wanted:
    kind, quota, enabled = (held.get(key) for key in (cells.KIND, cells.QUOTA, cells.ENABLED))
    if not address:
        raise Invalid(_("It has no address: write one, such as name@example.org."))
    return Wanted(
        line,
        address,
        name=held.get(cells.NAME) or None,
        kind=cells.read_kind(kind) if kind else None,
        quota=cells.read_quota(quota, limits.DEFAULT_QUOTA.highest) if quota else None,
        enabled=cells.read_flag(enabled) if enabled else None,
        aliases=cells.read_words(held.get(cells.ALIASES, "")),
        groups=cells.read_words(held.get(cells.GROUPS, "")),
        password=held.get(cells.PASSWORD) or None,
    )
