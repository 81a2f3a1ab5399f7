"""One client's session as its commands see it: who is there, which mailbox is open, what to tell.

The way from bytes to commands and back is conversation.py; the transport is behind `Output`, so
that a session runs in memory as well as on a socket.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from groupware.core import aio, auth, events
from groupware.core.devices import Contact
from groupware.core.errors import NotFound
from groupware.core.hub import ChangeWatch, Hub
from groupware.core.tokens import has_expired
from mail import queries
from mail.imap import responses
from mail.imap.ahead import ReadAhead
from mail.imap.commands import States
from mail.imap.errors import (
    NO_RIGHT,
    READ_ONLY,
    AccessRevoked,
    MailboxGone,
    Outcome,
    Refused,
    no,
)
from mail.imap.events import Limits
from mail.imap.keeping import Memory
from mail.imap.looking import Look, Position, look, look_briefly, read_rights
from mail.imap.output import Output
from mail.imap.responses import Code, Condition
from mail.imap.view import MailboxView, Updates
from mail.imap.wire import Dialect
from mail.uidset import to_ranges

Handler = Callable[["Session", Any], Awaitable[Outcome]]
"""Does one command; raises `Refused` or any `GroupwareError`."""


@dataclass(slots=True)
class Shared:
    """What the sessions of one process have in common."""

    handlers: Mapping[str, Handler]
    hub: Hub
    watch: ChangeWatch
    limits: Limits = field(default_factory=Limits)
    max_sessions_of_account: int = 200
    max_failed_logins: int = 10
    allow_plaintext: bool = False
    sessions_of: dict[int, int] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)


class Session:
    """One client, from its connection to its end."""

    def __init__(
        self,
        shared: Shared,
        output: Output,
        on_event: Callable[[events.Event], None],
        *,
        secure: bool,
        network: str,
    ) -> None:
        """Begin before login; `network` is the client's address."""
        self.shared = shared
        self.output = output
        self.secure = secure
        self.network = network
        self.principal: auth.Principal | None = None
        self.client_name = ""
        self.last_command = ""
        self.contact: Contact | None = None
        self.view: MailboxView | None = None
        self.condstore = False
        self.enabled: set[str] = set()
        self.failed_logins = 0
        self.compressed = False
        self.tag = b""
        self.closing = False
        self._on_event = on_event
        self._unsubscribe: Callable[[], None] | None = None
        self._unsubscribe_owner: Callable[[], None] | None = None
        self._seen_version = -1
        self._token_version = -1
        self._looked = False
        self.ahead = ReadAhead()

    @property
    def state(self) -> States:
        """Return where the session is (RFC 3501 §3)."""
        if self.principal is None:
            return States.NOT_AUTHENTICATED
        return States.AUTHENTICATED if self.view is None else States.SELECTED

    @property
    def account_id(self) -> int:
        """Return the account that is logged in."""
        assert self.principal is not None
        return self.principal.account_id

    def write(self, data: bytes) -> None:
        """Send whole lines, or pieces of a literal."""
        self.output.write(data)

    def say_bye(self, text: str, code: Code | None = None) -> None:
        """End the session with a reason."""
        if not self.closing:
            self.write(responses.status_line(None, Condition.BYE, text, code))
            self.close()

    def close(self) -> None:
        """End the session; what was written still goes out."""
        if self.closing:
            return
        self.closing = True
        self.release()
        self.output.close()

    def abort(self) -> None:
        """End the session at once."""
        self.close()
        self.output.abort()

    def release(self) -> None:
        """Forget what the session holds outside itself."""
        self.leave_mailbox()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
            assert self.principal is not None
            account_id = self.principal.account_id
            self.shared.sessions_of[account_id] -= 1
            if not self.shared.sessions_of[account_id]:
                del self.shared.sessions_of[account_id]

    def begin_account(self, principal: auth.Principal) -> None:
        """Log in; raises `Refused` where the account has too many sessions."""
        held = self.shared.sessions_of.get(principal.account_id, 0)
        if held >= self.shared.max_sessions_of_account:
            raise Refused(no("The account has too many sessions.", Code.LIMIT))
        self.shared.sessions_of[principal.account_id] = held + 1
        self.principal = principal
        self._unsubscribe = self.shared.hub.subscribe(principal.account_id, self._on_event)
        structlog.contextvars.bind_contextvars(account=principal.account_id)

    def select(self, view: MailboxView, version: int) -> None:
        """Open a mailbox as it was when the watch showed `version`.

        What its owner does to it, and to who may read it, is told as it happens.
        """
        self.leave_mailbox()
        self.view = view
        if view.identity.reader_id:
            owner_id = view.identity.account_id
            self._unsubscribe_owner = self.shared.hub.subscribe(owner_id, self._on_event)
        self._looked = True
        self._seen_version = version

    def leave_mailbox(self) -> None:
        """Have no mailbox open any more."""
        self.view = None
        self.forget_ahead()
        if self._unsubscribe_owner is not None:
            self._unsubscribe_owner()
            self._unsubscribe_owner = None

    def forget_ahead(self) -> None:
        """Give up what was read ahead: nothing of it will be asked for soon."""
        self.ahead = ReadAhead()

    @property
    def is_guest(self) -> bool:
        """Tell whether the open mailbox is another's, where rights may end."""
        return self.view is not None and self.view.identity.reader_id != 0

    @property
    def qresync(self) -> bool:
        """Tell whether VANISHED takes the place of EXPUNGE (RFC 7162 §3.2.3)."""
        return "QRESYNC" in self.enabled

    @property
    def rev2(self) -> bool:
        """Tell whether the client speaks IMAP4rev2 (RFC 9051 §6.3.1)."""
        return "IMAP4REV2" in self.enabled

    @property
    def utf8(self) -> bool:
        """Tell whether quoted strings may hold UTF-8 (RFC 6855 §3, RFC 9051 §6.3.1)."""
        return self.rev2 or "UTF8=ACCEPT" in self.enabled

    @property
    def spell(self) -> responses.Spell:
        """Return how mailbox names are written for the client."""
        return responses.mailbox_utf8 if self.utf8 else responses.mailbox

    @property
    def dialect(self) -> Dialect:
        """Return how the client's commands are read."""
        return Dialect(utf8=self.utf8, charsets="UTF8=ACCEPT" not in self.enabled)

    def enable_condstore(self) -> None:
        """Tell mod-sequences from now on; first of all up to where the open mailbox was told.

        That is for a client which did not care at SELECT (RFC 7162 §3.1).
        """
        if not self.condstore and self.view is not None:
            code = responses.code_highest_modseq(self.view.settled_modseq)
            self.write(responses.status_line(None, Condition.OK, "Told so far.", code))
        self.condstore = True

    def selected(self) -> MailboxView:
        """Return the open mailbox of a command that needs one."""
        assert self.view is not None
        return self.view

    def writable(self, rights: str = "") -> MailboxView:
        """Return the open mailbox, or refuse where it is open for reading only or a right lacks."""
        view = self.selected()
        if view.identity.read_only:
            raise Refused(READ_ONLY)
        if not view.identity.may(rights):
            raise Refused(NO_RIGHT)
        return view

    def position(self) -> Position:
        """Return up to where the open mailbox is known."""
        view = self.selected()
        identity = view.identity
        return Position(identity.collection_id, view.modseq, view.uid_next, identity.reader_id)

    async def check_rights(self) -> None:
        """Go by the rights of now in another's mailbox; raises `AccessRevoked` without `r`.

        Before a command that uses the mailbox: revoking works at the next command.
        """
        identity = self.selected().identity
        if self.shared.watch.version() != self._seen_version:
            self._take_rights(
                await aio.read(
                    read_rights, identity.reader_id, identity.account_id, identity.collection_id
                )
            )

    def _take_rights(self, rights: str | None) -> None:
        view = self.selected()
        if rights is None or rights == view.identity.rights:
            return
        if "r" not in rights:
            raise AccessRevoked("The right to read the mailbox was revoked.")
        was_writable = view.identity.is_writable
        view.identity = replace(view.identity, rights=rights)
        if view.identity.is_writable != was_writable:
            code = Code.READ_ONLY if was_writable else Code.READ_WRITE
            self.write(responses.status_line(None, Condition.OK, "Rights have changed.", code))

    def absorb(self, changes: queries.Changes) -> None:
        """Take in what a look found; raises `MailboxGone`."""
        view = self.selected()
        info = changes.info
        if info.uid_validity != view.identity.uid_validity or not info.selectable:
            raise MailboxGone("The mailbox was deleted.")
        view.absorb(
            uid_next=info.uid_next,
            modseq=info.highest_modseq,
            changed=changes.changed,
            new=changes.new,
            vanished=changes.vanished,
        )
        view.keywords = info.keywords
        self._looked = True

    def absorb_own(self, modseq: int, keywords: tuple[str, ...] | None) -> None:
        """Take in what the session did itself, where others had done nothing before.

        `keywords` are the mailbox's where there may be new ones.
        """
        view = self.selected()
        if keywords is not None:
            view.keywords = keywords
        view.pass_over(modseq, ())
        self._looked = True

    def forget_look(self) -> None:
        """Let the next `catch_up` look again: another command begins."""
        self._looked = False

    def doubt(self) -> None:
        """Let the next `catch_up` look even where nothing was committed."""
        self._looked = False
        self._seen_version = -1

    async def catch_up(self) -> None:
        """Look for changes unless nothing was committed since; raises `MailboxGone`.

        Invariant: `flush_updates` follows before the next command, so that what the view numbers
        is what the client was told to be there.
        """
        if self.principal is None or self._looked:
            return
        version = self.shared.watch.version()
        if version == self._seen_version:
            return
        position = None if self.view is None else self.position()
        try:
            found = await self._look(position)
        except NotFound as error:
            raise MailboxGone("The mailbox was deleted.") from error
        self._seen_version = version
        self._end_if_revoked(found)
        if found.changes is not None and self.view is not None:
            self._take_rights(found.rights)
            self.absorb(found.changes)

    async def _look(self, position: Position | None) -> Look:
        """Look where nothing happened, as mostly where others are at work, without a thread."""
        if not self.is_guest:
            found = await aio.glance(look_briefly, self._who, position)
            if found is not None:
                return found
        return await aio.read(look, self._who, position)

    async def check_credentials(self) -> None:
        """End the session if it was revoked; what happened to the mailbox is left alone."""
        if self.principal is not None:
            self._end_if_revoked(await aio.read(look, self._who, None))

    async def check_token(self) -> None:
        """End the session if the token that opened it is good no more; of others nothing is asked.

        Before each command: a token that was taken back opens nothing further, not even what a
        hint of the hub came too late for.
        """
        principal = self.principal
        if principal is None or principal.token_id is None:
            return
        version = self.shared.watch.version()
        if version == self._token_version and not has_expired(principal):
            return
        self._end_if_revoked(await aio.glance(look, principal, None))
        self._token_version = version

    @property
    def _who(self) -> auth.Principal:
        assert self.principal is not None
        return self.principal

    def _end_if_revoked(self, found: Look) -> None:
        if not found.is_current:
            self.say_bye("The session was revoked: log in again.", Code.EXPIRED)

    def flush_updates(self, *, expunge: bool, told: Code | bytes | None = None) -> None:
        """Tell what is known and not told; EXPUNGE only where the numbers may change.

        Where removals wait or have waited, a client with QRESYNC is also told up to which modseq
        it knows all (RFC 7162 §3.2), unless that is the code `told` of the reply.
        """
        if self.view is None or not self.view.has_news:
            return
        self.tell_keywords()
        has_waited = self.view.owes_expunge
        updates = self.view.take_updates(expunge=expunge)
        lines = self._tell_expunged(updates)
        if updates.exists is not None:
            lines.append(responses.exists(updates.exists))
            if not self.rev2:
                lines.append(responses.recent(0))
        lines.append(responses.fetch_flags(updates.changed, with_modseq=self.condstore))
        if has_waited and self.qresync:
            code = responses.code_highest_modseq(self.view.settled_modseq)
            if code != told:
                lines.append(responses.status_line(None, Condition.OK, "Told so far.", code))
        if text := b"".join(lines):
            self.write(text)

    def _tell_expunged(self, updates: Updates) -> list[bytes]:
        if not self.qresync:
            return [responses.expunges(updates.expunged)] if updates.expunged else []
        return [responses.vanished(to_ranges(updates.vanished))] if updates.vanished else []

    def code_settled(self) -> bytes | None:
        """Return HIGHESTMODSEQ for the reply to a command that removed messages.

        Only with QRESYNC; all that is gone must be told with that reply (RFC 7162 §3.2.7).
        """
        return responses.code_highest_modseq(self.selected().modseq) if self.qresync else None

    def tell_keywords(self) -> None:
        """Tell of keywords that are new to the client, before any message is told to have them."""
        view = self.selected()
        if view.take_new_flags():
            code = responses.code_permanent_flags(view.permanent_flags)
            self.write(responses.flags(view.flags))
            self.write(responses.status_line(None, Condition.OK, "Flags have changed.", code))
