"""Filing composed messages: where each copy lies, and with which flags."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.utils import format_datetime

from groupware.core.models import Account
from groupware.demo.compose import Composed
from groupware.demo.letters import Letter
from groupware.demo.people import People
from mail.flags import ANSWERED, DRAFT, FLAGGED, SEEN
from mail.queries import find_mailbox
from mail.services.delivery import resolve_recipient
from mail.services.mailboxes import create_mailbox, subscribe
from mail.services.messages import PreparedMessage, append_message

UNREAD_DAYS = 2
"""Working days within which nobody has read what arrived, unless it was answered."""


@dataclass(frozen=True, slots=True)
class _Copy:
    """One copy of a message: whose, in which mailbox, and what its prefix says."""

    owner: str
    mailbox: str
    flags: int
    prefix: bytes = b""


class Filer:
    """Files messages in the order of their dates, inside the caller's transaction."""

    def __init__(self, people: People, letters: Iterable[Letter]) -> None:
        self._people = people
        self._answers = {(held.parent.id, held.sender) for held in letters if held.parent}
        self._accounts = dict(Account.objects.values_list("login", "id"))
        self._keys = {self._accounts[one.address]: one.key for one in people.accounts}
        self._places: dict[tuple[str, str], int] = {}

    def file(self, composed: Composed, prepared: PreparedMessage) -> None:
        """Store every copy of a message: the sender's and each recipient's, all of one blob."""
        offset = composed.date.utcoffset()
        assert offset is not None
        for copy in self._copies(composed):
            append_message(
                self._accounts[self._people[copy.owner].address],
                self._place(copy.owner, copy.mailbox.replace("{year}", str(composed.date.year))),
                prepared,
                flags=copy.flags,
                keywords=composed.letter.keywords.get(copy.owner, ()),
                internal_date=int(composed.date.timestamp()),
                internal_zone=int(offset.total_seconds()) // 60,
                prefix=copy.prefix,
            )

    def _copies(self, composed: Composed) -> Iterator[_Copy]:
        letter = composed.letter
        sender = letter.sender if self._people[letter.sender].account else ""
        if sender:
            mailbox = "Drafts" if letter.draft else "Sent"
            flags = self._seen(sender) | self._marks(letter, sender)
            yield _Copy(sender, mailbox, flags | (DRAFT if letter.draft else 0))
        if letter.draft:
            return
        for owner, address in self._recipients(letter).items():
            if owner != sender:
                mailbox = letter.file.get(owner, "INBOX")
                flags = self._flags(letter, owner)
                yield _Copy(owner, mailbox, flags, self._trace(composed, address))

    def _recipients(self, letter: Letter) -> dict[str, str]:
        """Return by account the address that it was written to by."""
        found: dict[str, str] = {}
        for key in filter(self._people.is_inside, (*letter.to, *letter.cc)):
            address = self._people[key].address
            for account_id in resolve_recipient(address).account_ids:
                found.setdefault(self._keys[account_id], address)
        return found

    def _flags(self, letter: Letter, owner: str) -> int:
        answered = (letter.id, owner) in self._answers
        read = answered or (letter.when.days_ago >= UNREAD_DAYS and owner not in letter.unread)
        return (
            (self._seen(owner) if read else 0)
            | (ANSWERED if answered else 0)
            | self._marks(letter, owner)
        )

    def _seen(self, owner: str) -> int:
        """Return the flag of what was read; of a shared mailbox each reader knows his own."""
        return SEEN if self._people[owner].account == "person" else 0

    def _marks(self, letter: Letter, owner: str) -> int:
        return FLAGGED if owner in letter.flagged else 0

    def _place(self, owner: str, mailbox: str) -> int:
        """Return the mailbox's collection, made and subscribed to where it is missing."""
        if (owner, mailbox) not in self._places:
            account_id = self._accounts[self._people[owner].address]
            info = find_mailbox(account_id, mailbox)
            if info is None:
                info = create_mailbox(account_id, mailbox)
                subscribe(account_id, mailbox)
            self._places[owner, mailbox] = info.collection_id
        return self._places[owner, mailbox]

    def _trace(self, composed: Composed, recipient: str) -> bytes:
        """Return the trace header fields of an arrival (RFC 5321 §4.4)."""
        sender = self._people[composed.letter.sender].address
        helo = f"mail.{sender.rpartition('@')[2]}"
        text = (
            f"Return-Path: <{sender}>\r\n"
            f"Delivered-To: {recipient}\r\n"
            f"Received: from {helo} ([192.0.2.25])\r\n"
            f"\tby mail.{self._people.domain} with LMTP id {composed.letter.id};\r\n"
            f"\t{format_datetime(composed.date)}\r\n"
        )
        return text.encode("ascii")
