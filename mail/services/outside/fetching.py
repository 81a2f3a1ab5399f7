"""Fetching from an outside account: which of its messages are new, and what is done there after.

No network within a transaction. Of the messages a batch is held at once, which shares a commit. A
fetch ends when its time is up, and goes on where it was; a POP3 server deletes what it was told to
when the session ends well.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.db.models import QuerySet

from groupware.core import limits
from groupware.core.clock import epoch, monotonic
from groupware.core.errors import NotFound
from mail.models import OutsideAccount, OutsideAfter, OutsideMailbox, OutsideProtocol
from mail.models.outside import DONE_DELETED, DONE_SEEN
from mail.outside.imap import ImapSession, open_imap
from mail.outside.messages import Fetched, Listed
from mail.outside.pop3 import Pop3Session, open_pop3
from mail.outside.servers import Server, TooMuch, seconds_for
from mail.services.outside import storing
from mail.services.outside.accounts import login_of
from mail.services.outside.servers import read_server
from mail.services.outside.storing import TRIES, Counts, Source

BATCH = 50
"""Messages of a transaction: an account's other writers wait for no more than that."""
BATCH_OCTETS = 4 << 20
"""Octets from which on a batch is full, however few messages it has."""
PAGE = 200
"""Unique-ids that are looked for at once."""
MARKED = 100
"""Messages that one command marks there."""
SESSIONS = 4
"""Sessions of one fetch, where the other side sends more of a message than it said."""
DAY = 86_400

Tell = Callable[[int, int], None]
"""Is told how many messages are dealt with, of how many."""


@dataclass(slots=True)
class Report:
    """What a fetch did; `is_whole` where it had the time for everything."""

    counts: Counts = field(default_factory=Counts)
    is_whole: bool = True


class Run:
    """One fetch of an account; `renew` keeps others away for so many seconds more."""

    def __init__(self, row: OutsideAccount, renew: Callable[[float], None], tell: Tell) -> None:
        self._row = row
        self._server = read_server(row.account_id, login_of(row), row.secret)
        self._renew = renew
        self._tell = tell
        self._report = Report()
        self._ends_at = monotonic() + limits.OUTSIDE_ROUND.value
        self._dealt = 0
        self._is_careful = False
        self._has_taken = False

    def go(self) -> Report:
        """Fetch what is new; raises `OutsideFailed` and as `storing.store` does."""
        fetch = self._fetch_imap if self._row.protocol == OutsideProtocol.IMAP else self._fetch_pop3
        for _ in range(SESSIONS - 1):
            try:
                fetch(self._server)
            except TooMuch:
                # Of several messages asked for at once none can be blamed: now one by one.
                self._is_careful = True
            else:
                return self._report
        fetch(self._server)
        return self._report

    def _fetch_imap(self, server: Server) -> None:
        writable = self._row.after != OutsideAfter.LEAVE
        with open_imap(server) as session:
            for mailbox in list(self._mailboxes()):
                check_target(mailbox)
                selected = session.select(mailbox.name, writable=writable)
                source = self._source(mailbox, selected.uid_validity)
                again = [Listed(*row) for row in storing.list_failed(source)]
                for listed in again:
                    self._try_again(session, source, listed)
                self._read(session, source, selected.exists)
                self._act(session, source)
                if not self._report.is_whole:
                    return

    def _read(self, session: ImapSession, source: Source, exists: int) -> None:
        highest = storing.find_highest(source)
        for block in session.list_above(highest, exists):
            for batch in self._batches(block):
                if self._is_over():
                    return
                self._take(session, source, batch)
                self._tell(self._dealt, exists)

    def _try_again(self, session: ImapSession, source: Source, listed: Listed) -> None:
        if session.is_there(listed.number):
            self._take(session, source, [listed])
        else:
            storing.give_up(source, [listed.number])

    def _act(self, session: ImapSession, source: Source) -> None:
        """Do there what is to be done with what was fetched: nothing else, and not before."""
        done, before = self._wanted()
        act = session.delete if done == DONE_DELETED else session.mark_seen
        while done and (uids := storing.list_due(source, done, before, MARKED)):
            act(uids)
            storing.note_done(source, "uid", uids, done)

    def _wanted(self) -> tuple[int, int]:
        """Return (what is to be done, with what was fetched before when)."""
        if self._row.after == OutsideAfter.DELETE:
            return DONE_DELETED, epoch() - self._row.delete_days * DAY
        return (DONE_SEEN if self._row.after == OutsideAfter.SEEN else 0), epoch()

    def _fetch_pop3(self, server: Server) -> None:
        mailbox = self._mailboxes().get()
        check_target(mailbox)
        source = self._source(mailbox, 0)
        deleted: list[str] = []
        with open_pop3(server) as session:
            listed = session.list_all()
            alike = Counter(one.uidl for one in listed)
            pages = iter(listed)
            while page := list(islice(pages, PAGE)):
                self._take_new(session, source, page)
                self._tell(self._dealt, len(listed))
                deleted += self._delete_due(
                    session, source, [one for one in page if alike[one.uidl] == 1]
                )
                if self._is_over():
                    break
        # The session has ended well: they are gone there.
        for start in range(0, len(deleted), MARKED):
            storing.note_done(source, "uidl", deleted[start : start + MARKED], DONE_DELETED)

    def _take_new(self, session: Pop3Session, source: Source, page: Sequence[Listed]) -> None:
        known = storing.list_known(source, [one.uidl for one in page])
        new: dict[str, Listed] = {}
        for one in page:
            held = known.get(one.uidl)
            if held is None or held.size != one.size or (held.problem and held.attempts < TRIES):
                new.setdefault(one.uidl, one)
        self._dealt += len(page) - len(new)
        for batch in self._batches(new.values()):
            if self._is_over():
                return
            self._take(session, source, batch)

    def _delete_due(
        self, session: Pop3Session, source: Source, page: Sequence[Listed]
    ) -> list[str]:
        """Mark what is to go there, of what is safe here; return its unique-ids."""
        done, before = self._wanted()
        if not done:
            return []
        known = storing.list_known(source, [one.uidl for one in page])
        due = [
            one
            for one in page
            if (held := known.get(one.uidl)) is not None
            and not held.problem
            and held.size == one.size
            and held.fetched_at <= before
        ]
        session.delete([one.number for one in due])
        return [one.uidl for one in due]

    def _mailboxes(self) -> "QuerySet[OutsideMailbox]":
        return OutsideMailbox.objects.filter(outside=self._row, is_fetched=True).order_by("id")

    def _source(self, mailbox: OutsideMailbox, uid_validity: int) -> Source:
        row = self._row
        return Source(row.pk, row.account_id, mailbox.pk, mailbox.target_id, uid_validity, row.host)

    def _is_over(self) -> bool:
        """Tell whether the time is up; not before something came: each fetch gets on."""
        if self._has_taken and monotonic() >= self._ends_at:
            self._report.is_whole = False
        return not self._report.is_whole

    def _batches(self, listed: Iterable[Listed]) -> Iterator[list[Listed]]:
        most = 1 if self._is_careful else BATCH
        batch: list[Listed] = []
        octets = 0
        for one in listed:
            if batch and (len(batch) >= most or octets + one.size > BATCH_OCTETS):
                yield batch
                batch, octets = [], 0
            batch.append(one)
            octets += one.size
        if batch:
            yield batch

    def _take(
        self, session: ImapSession | Pop3Session, source: Source, batch: Sequence[Listed]
    ) -> None:
        """Fetch a batch and store it; what is too large is not asked for."""
        limit = limits.MESSAGE_SIZE.value
        wanted = [one for one in batch if one.size <= limit]
        self._renew(seconds_for(2 * sum(one.size for one in wanted)))
        try:
            got = {fetched.listed.number: fetched for fetched in session.fetch(wanted)}
        except TooMuch as error:
            if len(batch) == 1:
                blamed = Fetched(batch[0], problem=error.message, is_final=True)
                storing.store(source, [blamed], self._report.counts)
            raise
        for one in batch:
            if one.size > limit:
                problem = f"it is larger than {limit} octets"
                got[one.number] = Fetched(one, problem=problem, is_final=True)
        whole = [got[one.number] for one in batch if one.number in got]
        if whole:
            storing.store(source, whole, self._report.counts)
        self._dealt += len(batch)
        self._has_taken = True


def check_target(mailbox: OutsideMailbox) -> None:
    """Raise `NotFound` where the mailbox here is gone to which the mail was to go."""
    if mailbox.path and mailbox.target_id is None:
        raise NotFound(
            "The mailbox {path}, to which the mail of {account} was to go, is gone: say "
            "where it goes.",
            path=mailbox.path,
            account=mailbox.name,
        )
