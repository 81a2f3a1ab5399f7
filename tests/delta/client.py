"""A client that believes the server, and holds it to the protocol's rules.

It keeps what it was told (number → UID, flags, mod-sequence), does in its own memory what it asked
to be done in silence, and asks for nothing by itself. Whatever breaks a rule is a `Violation`.
No input or output: bytes in, bytes out.
"""

import re
from collections import deque
from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from tests.delta.commands import OPENING, Command, Flags, Mailbox, Message
from tests.delta.memory import Memory
from tests.delta.outcomes import check_outcome, note_copied
from tests.delta.responses import (
    Continuation,
    Data,
    Response,
    Status,
    Token,
    Violation,
    pairs,
    read_numbers,
    read_responses,
)

Known = tuple[int, Flags, int]
"""(uid, flags, modseq); a client without CONDSTORE knows no modseq but 0."""
_MAILBOXES: Final = re.compile(rb"\b(?:INBOX|Archive|Kept|Gone)\b")
MESSAGE_ID: Final = "BODY[HEADER.FIELDS (MESSAGE-ID)]"


class Client:
    """One session: `start` gives the bytes to send, `feed` takes what comes.

    To a client that reads along, mailboxes have the names that follow `root`.
    """

    def __init__(
        self,
        *,
        condstore: bool,
        qresync: bool = False,
        memory: Memory | None = None,
        root: str = "",
    ) -> None:
        self.condstore = condstore
        self.qresync = qresync
        self.root = root
        self.memory = memory or Memory()
        self.mailbox: Mailbox | None = None
        self.pending: deque[Command] = deque()
        self.is_idling = False
        self.has_ended = False
        self.heard = 0
        self._buffer = bytearray()
        self._tags = 0

    def start(self, *commands: Command) -> bytes:
        """Begin commands, all of them sent at once."""
        for command in commands:
            self._tags += 1
            command.tag = b"t%d" % self._tags
            command.uid_validity = 0 if self.mailbox is None else self.mailbox.uid_validity
            self.pending.append(command)
        return b"".join(self._spell(command.serialize()) for command in commands)

    def _spell(self, data: bytes) -> bytes:
        full = rb'"%b\g<0>"' % self.root.encode()
        return _MAILBOXES.sub(full, data) if self.root else data

    def feed(self, data: bytes) -> None:
        """Take what the server says; raises `Violation`."""
        self._buffer += data
        for response in read_responses(self._buffer):
            self._take(response)

    def known(self) -> list[Known] | None:
        """Return what is known of the open mailbox, None where a message is not known yet."""
        assert self.mailbox is not None
        known = []
        for message in self.mailbox.messages:
            if not message.uid or message.flags is None or bool(message.modseq) < self.condstore:
                return None
            known.append((message.uid, message.flags, message.modseq))
        return known

    def ask_unknown(self) -> Command:
        """Return the FETCH for everything from the first message that is not wholly known."""
        assert self.mailbox is not None
        for number, message in enumerate(self.mailbox.messages, start=1):
            if not message.uid or message.flags is None or bool(message.modseq) < self.condstore:
                targets = self.mailbox.messages[number - 1 :]
                items = "(UID FLAGS MODSEQ)" if self.condstore else "(UID FLAGS)"
                return Command("FETCH", f"{number}:* {items}", targets=targets, tells_all=True)
        return Command("NOOP")

    # What comes.

    def _finish(self, status: Status) -> None:
        if not self.pending or self.pending[0].tag != status.tag:
            raise Violation(f"nobody waits for {status}")
        command = self.pending.popleft()
        command.reply = status
        if status.condition == "BAD":
            raise Violation(f"BAD to {command.serialize()!r}")
        check_outcome(command, self.mailbox)
        if command.name in OPENING:
            self._finish_opening(command)
        elif command.name in {"CLOSE", "UNSELECT"}:
            self.mailbox = None
        elif command.name == "IDLE":
            self.is_idling = False
        if self.mailbox is not None:
            if status.code[:1] == (b"HIGHESTMODSEQ",):
                self._take_code(status.code)
            self.mailbox.settle()

    def _finish_opening(self, command: Command) -> None:
        if self.mailbox is not None and command.is_ok:
            raise Violation("another mailbox is open, and CLOSED was not told")
        self.mailbox = command.opened if command.is_ok else None
        if self.mailbox is not None:
            self.memory.note_opened(self.mailbox)

    def _take(self, response: Response) -> None:
        if self.has_ended:
            raise Violation(f"after BYE came {response}")
        self.heard += 1
        match response:
            case Continuation():
                self._go_on()
            case Status(tag=b"*"):
                self._take_untagged(response)
            case Status():
                self._finish(response)
            case Data():
                take = self._DATA.get(response.name)
                if take is None:
                    raise Violation(f"nobody asked for {response}")
                take(self, response)

    def _go_on(self) -> None:
        if not self.pending or self.pending[0].name != "IDLE" or self.is_idling:
            raise Violation("a continuation that nobody waits for")
        self.is_idling = True

    def _take_untagged(self, status: Status) -> None:
        if status.condition == "BYE":
            self.has_ended, self.mailbox, self.is_idling = True, None, False
        elif status.condition != "OK":
            raise Violation(f"an untagged {status}")
        elif status.code:
            self._take_code(status.code)

    def _take_code(self, code: tuple[bytes, ...]) -> None:
        name = code[0].decode()
        if name == "CLOSED":
            if self.mailbox is None or self._asked(OPENING) is None:
                raise Violation("CLOSED, but nothing was open")
            self.mailbox = None
        elif name in {"UIDVALIDITY", "UIDNEXT", "HIGHESTMODSEQ"}:
            self._take_number(name, int(code[1]))
        elif name == "COPYUID":
            command = self._asked({"MOVE", "UID MOVE"})
            if command is None:
                raise Violation("COPYUID, but nothing is moved")
            note_copied(command, code)

    def _take_number(self, name: str, number: int) -> None:
        mailbox = self._mailbox()
        if name == "UIDVALIDITY":
            mailbox.uid_validity = number
        elif name == "UIDNEXT":
            mailbox.uid_next = number
        else:
            mailbox.highest_modseq = mailbox.told_code = number

    def _asked(self, names: set[str] | frozenset[str]) -> Command | None:
        """Return the command that the server is at, if it is one of these."""
        return self.pending[0] if self.pending and self.pending[0].name in names else None

    def _mailbox(self) -> Mailbox:
        """Return the mailbox that untagged data is about: the open one, or that being opened."""
        if self.mailbox is not None:
            return self.mailbox
        command = self._asked(OPENING)
        if command is None:
            raise Violation("data of a mailbox, but none is open")
        if command.opened is None:
            command.opened = Mailbox(command.arguments.split()[0], command.name == "EXAMINE")
        return command.opened

    def _take_exists(self, data: Data) -> None:
        mailbox = self._mailbox()
        grown = data.number - len(mailbox.messages)
        if grown < 0:
            raise Violation(f"EXISTS shrank from {len(mailbox.messages)} to {data.number}")
        is_new = mailbox is self.mailbox
        mailbox.messages += [Message(is_new=is_new) for _ in range(grown)]
        mailbox.exists = data.number

    def _take_recent(self, data: Data) -> None:
        if data.number > len(self._mailbox().messages):
            raise Violation(f"RECENT {data.number} is more than there are")

    def _take_flags(self, data: Data) -> None:
        self._mailbox().defined = _flags(data.tokens[0])

    def _take_expunge(self, data: Data) -> None:
        if self.qresync:
            raise Violation("EXPUNGE to a client that knows VANISHED")
        self._drop(self._message(data))

    def _drop(self, message: Message) -> None:
        if not self.pending or self.pending[0].by_number:
            name = self.pending[0].name if self.pending else "nothing"
            raise Violation(f"a message goes during {name}")
        message.is_gone = True
        messages = self._mailbox().messages
        del messages[next(place for place, held in enumerate(messages) if held is message)]

    def _take_vanished(self, data: Data) -> None:
        if not self.qresync:
            raise Violation("VANISHED to a client that does not know of it")
        *tag, numbers = data.tokens
        assert isinstance(numbers, bytes)
        if tag == [[b"EARLIER"]]:
            self._take_earlier(read_numbers(numbers))
            return
        for uid in read_numbers(numbers):
            message = self._mailbox().find_visible(uid)
            if message is None:
                raise Violation(f"VANISHED {uid}, which the client does not see")
            self._drop(message)

    def _take_earlier(self, uids: list[int]) -> None:
        command = self._asked({*OPENING, "UID FETCH"})
        if command is None or command.earlier is None or command.fetched:
            raise Violation("VANISHED (EARLIER) that nobody asked for, or behind a FETCH")
        if self.mailbox is not None and (seen := self.mailbox.with_uids(frozenset(uids))):
            raise Violation(f"VANISHED (EARLIER) of {seen}, which the client sees")
        command.earlier.update(uids)

    def _message(self, data: Data) -> Message:
        messages = self._mailbox().messages
        if not 0 < data.number <= len(messages):
            raise Violation(f"{data.name} of {data.number}, but there are {len(messages)}")
        return messages[data.number - 1]

    def _take_fetch(self, data: Data) -> None:
        message = self._message(data)
        items = pairs(data.tokens[0])
        if (uid := items.get("UID")) is not None:
            self._note_uid(message, data.number - 1, _number(uid))
        if "FLAGS" in items:
            message.flags = _flags(items["FLAGS"])
        if (modseq := items.get("MODSEQ")) is not None:
            self._note_modseq(message, _number(modseq), has_flags="FLAGS" in items)
        if isinstance(held := items.get(MESSAGE_ID), bytes):
            message.message_id = held.partition(b":")[2].strip()
        if self.pending:
            command = self.pending[0]
            command.fetched[message] = None
            if message.flags is not None and "FLAGS" in items:
                command.told.setdefault(message, message.flags)

    def _note_uid(self, message: Message, place: int, uid: int) -> None:
        mailbox = self._mailbox()
        if message.uid not in {0, uid}:
            raise Violation(f"UID {message.uid} became {uid}")
        if message.is_new and uid < mailbox.uid_next:
            raise Violation(f"a new message has UID {uid}, below UIDNEXT {mailbox.uid_next}")
        message.uid = uid
        before = next((held.uid for held in reversed(mailbox.messages[:place]) if held.uid), 0)
        after = next((held.uid for held in mailbox.messages[place + 1 :] if held.uid), uid + 1)
        if not before < uid < after:
            raise Violation(f"the UIDs do not ascend: {before}, {uid}, {after}")

    def _note_modseq(self, message: Message, modseq: int, *, has_flags: bool) -> None:
        if not self.condstore:
            raise Violation("MODSEQ to a client that does not know of it")
        if modseq < message.modseq:
            raise Violation(f"the modseq of {message.uid} fell to {modseq}")
        message.modseq = modseq
        mailbox = self._mailbox()
        mailbox.told_modseq = max(mailbox.told_modseq, modseq)
        if message.uid and has_flags:
            self.memory.note_message(self._mailbox().uid_validity, message)

    def _take_search(self, data: Data) -> None:
        command = self._asked({"SEARCH", "UID SEARCH"})
        if command is None or command.found is not None:
            raise Violation("SEARCH that nobody asked for")
        numbers = data.tokens
        if numbers and isinstance(numbers[-1], list):
            command.found_modseq = _number(pairs(numbers[-1])["MODSEQ"])
            numbers = numbers[:-1]
        command.found = [_number(number) for number in numbers]
        count = len(self._mailbox().messages)
        if command.name == "SEARCH" and any(not 0 < n <= count for n in command.found):
            raise Violation(f"SEARCH found {command.found} of {count} messages")

    def _take_status(self, data: Data) -> None:
        command = self._asked({"STATUS"})
        if command is None:
            raise Violation("STATUS that nobody asked for")
        command.status = pairs(data.tokens[1])

    def _take_nothing(self, _data: Data) -> None:
        """Let pass what says nothing about messages."""

    _DATA: ClassVar[Mapping[str, Callable[["Client", Data], None]]] = {
        "EXISTS": _take_exists,
        "RECENT": _take_recent,
        "EXPUNGE": _take_expunge,
        "VANISHED": _take_vanished,
        "FETCH": _take_fetch,
        "FLAGS": _take_flags,
        "SEARCH": _take_search,
        "STATUS": _take_status,
        "ENABLED": _take_nothing,
        "CAPABILITY": _take_nothing,
    }


def _number(token: Token) -> int:
    """Return a number, alone or in parentheses as MODSEQ has it."""
    if isinstance(token, list):
        [token] = token
    if not isinstance(token, bytes) or not token.isdigit():
        raise Violation(f"no number: {token!r}")
    return int(token)


def _flags(token: Token) -> Flags:
    if not isinstance(token, list):
        raise Violation(f"no list of flags: {token!r}")
    names = [name.decode("ascii").lower() for name in token if isinstance(name, bytes)]
    if len(set(names)) != len(token):
        raise Violation(f"a flag is told twice: {token!r}")
    return frozenset(names)
