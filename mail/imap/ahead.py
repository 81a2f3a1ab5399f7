"""Messages read ahead for a client that fetches one after the other (docs/adr/0025).

Hot: guarded by the benchmark of single bodies. Invariant: what was read ahead is told only while
nothing was committed since it was read, to the view that it was made for, and under the number
that the message still has.
"""

from itertools import accumulate
from typing import Any, Final

from groupware.core import db
from mail import queries
from mail.imap.fetchplan import FetchPlan
from mail.imap.view import MailboxView
from mail.uidset import to_ranges

IN_LINE: Final = 3
"""Messages fetched one after the other, behind which others are read ahead."""
MESSAGES: Final = 8
OCTETS: Final = 128 * 1024
"""What is read ahead at most; a message that is larger than what is left is fetched on its own."""

Responses = dict[tuple[int, int], bytes]
"""Whole responses by the UID and the number of their message."""


class ReadAhead:
    """What one session fetches message by message, and the responses that are next."""

    __slots__ = ("_asked", "_in_line", "_last_place", "_responses")

    def __init__(self) -> None:
        self._asked: tuple[FetchPlan, MailboxView, int] | None = None
        self._last_place = 0
        self._in_line = 0
        self._responses: Responses = {}

    def find(self, plan: FetchPlan, view: MailboxView, place: int, version: int) -> bytes | None:
        """Return the response for the message at a place of the view, if it was read ahead.

        `version` is that of the store now: where it is another one, the line begins anew, so that
        a client that also writes has nothing read ahead in vain.
        """
        asked = plan, view, version
        is_next = self._asked == asked and place == self._last_place + 1
        self._in_line = self._in_line + 1 if is_next else 1
        self._asked, self._last_place = asked, place
        if not is_next:
            self._responses.clear()
            return None
        return self._responses.pop((view.uids[place], place + 1), None)

    @property
    def is_due(self) -> bool:
        """Tell whether it is time to read ahead: the client goes on and nothing is left."""
        return self._in_line >= IN_LINE and not self._responses

    def keep(self, responses: Responses) -> None:
        """Keep what was read at the version of the last `find`."""
        self._responses = responses


def read_ahead(view: MailboxView, plan: FetchPlan, place: int) -> Responses:
    """Return the responses for the message at a place and for those behind it.

    As far as the bounds allow; it ends before a message that is gone.
    """
    uids = list(view.uids[place : place + MESSAGES])
    rows = queries.fetch_messages(
        view.identity.collection_id,
        to_ranges(uids),
        plan.fields,
        reader_id=view.identity.reader_id,
        limit=len(uids),
        room=db.Room(OCTETS, plan.wide),
    )
    octets = accumulate(_size_of(row, plan) for row in rows)
    rows = [row for row, held in zip(rows, octets, strict=True) if held <= OCTETS]
    rows = [row for row, uid in zip(rows, uids, strict=False) if row[0] == uid]
    if not rows:
        return {}
    seqs = range(place + 1, place + 1 + len(rows))
    columns = dict(zip(plan.fields, zip(*rows, strict=True), strict=True))
    forms = plan.form.fill_each(seqs, columns)
    keys = zip(columns["uid"], seqs, strict=True)
    return dict(zip(keys, forms, strict=True))


def _size_of(row: tuple[Any, ...], plan: FetchPlan) -> int:
    """Return about how many octets a response will have."""
    content: int = row[plan.fields.index("blob_size")] if "blob_size" in plan.fields else 0
    return content + sum(len(row[place]) for place in plan.wide)
