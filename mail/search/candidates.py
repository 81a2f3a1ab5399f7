"""What a search is asked in, a mailbox as a session knows it, and each message that it looks at."""

from array import array
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cached_property
from typing import Any, Protocol

from groupware.core import blobs
from mail.mime.dates import parse_date
from mail.mime.sections import filter_header_fields
from mail.search import keys
from mail.services.search import read_text
from mail.services.search_candidates import may_hold
from mail.services.search_text import SearchableText, fold_header
from mail.uidset import Ranges


class Identity(Protocol):
    """Which mailbox it is, and who reads it: 0 for its owner."""

    @property
    def collection_id(self) -> int:
        """Return the mailbox."""

    @property
    def reader_id(self) -> int:
        r"""Return whose `\Seen` counts."""

    @property
    def lost(self) -> tuple[tuple[int, int], ...]:
        """Return mod-sequences that a client may have been told and that were lost."""

    def trust(self, modseq: int) -> int:
        """Return a mod-sequence of the client's, 0 for one that may have been lost."""


class View(Protocol):
    """A mailbox as those who search it know it."""

    @property
    def identity(self) -> Identity:
        """Return which mailbox it is."""

    @property
    def uids(self) -> "array[int]":
        """Return the UIDs that are known, ascending."""

    def ranges_of_uids(self, messages: keys.MessageSet) -> Ranges:
        """Return the ranges of UIDs that a set names."""

    def ranges_of_seqs(self, messages: keys.MessageSet) -> Ranges | None:
        """Return the UIDs behind sequence numbers, None where one is beyond the last message."""

    def list_uids(self, ranges: Iterable[tuple[int, int]]) -> list[int]:
        """Return the known UIDs in ascending ranges."""

    def keep_known(self, rows: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return those of rows, which begin with their UID, that are known."""


class Candidate:
    """One message; what is dear to know is found out when asked for, once."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.row = row

    @cached_property
    def day(self) -> date:
        """The internal date's day, in the zone that it was given in."""
        zone = timezone(timedelta(minutes=self.row["internal_zone"]))
        return datetime.fromtimestamp(self.row["internal_date"], zone).date()

    @cached_property
    def sent_day(self) -> date | None:
        """The day that the Date field says, in its own zone."""
        field = filter_header_fields(self.listed, [b"date"], negate=False)
        sent = parse_date(field.partition(b":")[2].strip())
        if sent is None:
            return None
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=sent.epoch + sent.offset)
        return moment.date()

    @cached_property
    def listed(self) -> bytes:
        """The fields that the row keeps."""
        return bytes(self.row["header_fields"])

    @cached_property
    def prefix(self) -> bytes:
        """The fields that were added on arrival."""
        return bytes(self.row["prefix"] or b"")

    @cached_property
    def header(self) -> bytes:
        """The octets of the header."""
        header = blobs.read_location(self.row["blob_location"], 0, self.row["header_size"])
        return self.prefix + header

    def prefix_holds(self, wanted: bytes) -> bool:
        """Whether a folded term is in the text of those fields."""
        return may_hold(self.prefix, wanted) and wanted in fold_header(self.prefix)

    @cached_property
    def text(self) -> SearchableText:
        """Header and body as search sees them, without what was added on arrival."""
        row = self.row
        return read_text(row["blob_location"], row["search_version"], row["search_text"])
