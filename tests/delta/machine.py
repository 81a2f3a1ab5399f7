r"""The delta law as a state machine: four sessions on one account, and whatever they may do.

Two are the owner's, and two those of somebody who may do everything with the owner's mailboxes;
one of each speaks QRESYNC. Who reads along has a `\Seen` of their own. No rule looks at the state
to decide what may be drawn, so that sessions may race without making an example irreproducible.
"""

import itertools
from collections.abc import Callable
from dataclasses import replace

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from groupware.core import db
from mail import queries
from tests.delta import operations
from tests.delta.commands import OPENING, Command
from tests.delta.effects import Rows, check_effect, check_rows, read_rows
from tests.delta.law import (
    Fresh,
    catch_up,
    check_changed_since,
    check_law,
    check_silence,
    read_fresh,
)
from tests.delta.memory import Memory
from tests.delta.operations import FLAGS, ON_MESSAGES, Asking, Choice, message_bytes, message_id
from tests.delta.responses import Violation
from tests.delta.resync import Left, come_back, leave
from tests.delta.searches import find_expected, search_key
from tests.delta.world import MemoryLine, World

CONDSTORE = (True, False, True, False)
QRESYNC = (True, False, True, False)
READS_ALONG = (False, False, True, True)
OTHERS = ("Archive", "Kept")

SEEN = 1 << FLAGS.index("\\Seen")

sessions = st.integers(0, len(CONDSTORE) - 1)
choices = st.builds(
    Choice,
    messages=st.just(255) | st.integers(0, 255),
    flags=st.integers(0, 63),
    form=st.integers(0, 63),
)
acts = st.tuples(st.sampled_from(["append", "store", *ON_MESSAGES]), choices)
Act = tuple[str, Choice]
VISITS = (
    *(("SELECT", False), ("EXAMINE", False), ("SELECT", True), ("EXAMINE", True)),
    *(("CLOSE", False), ("UNSELECT", False)),
)
"""(command, whether it is about the other mailbox)."""


class DeltaMachine(RuleBasedStateMachine):
    """Four clients, and a fresh one at each checkpoint."""

    def __init__(self) -> None:
        super().__init__()
        self._world = World(note)
        self._is_sound = True
        self._memories = [Memory() for _ in CONDSTORE]
        self._witnesses = [
            self._world.connect(name, condstore=True, memory=Memory(), reads_along=reads_along)
            for reads_along, name in ((False, "new"), (True, "new reader"))
        ]
        self._other = OTHERS[0]
        self._tokens = itertools.count(1)
        self._places: dict[tuple[int, int], str] = {}
        self._remembered: dict[str, list[Fresh]] = {}
        self._left: dict[int, tuple[Left, Choice]] = {}
        self._lines = [self._connect(session) for session in range(len(CONDSTORE))]
        self._guard(lambda: self._deliver(2))
        self._guard(self._begin)

    # Rules: what sessions do.

    @rule(session=sessions, choice=choices)
    def append(self, session: int, choice: Choice) -> None:
        self._guard(lambda: self._act(session, ("append", choice)))

    @rule(session=sessions, act=acts)
    def act(self, session: int, act: Act) -> None:
        self._guard(lambda: self._act(session, act))

    @rule(session=sessions, choice=choices)
    def store(self, session: int, choice: Choice) -> None:
        self._guard(lambda: self._act(session, ("store", choice)))

    @rule(session=sessions, choice=choices)
    def store_seen_alone(self, session: int, choice: Choice) -> None:
        """Change what each reader has of their own, and nothing that all see."""
        self._guard(lambda: self._act(session, ("store", replace(choice, flags=SEEN))))

    @rule(session=sessions, batch=st.lists(acts, min_size=2, max_size=4))
    def send_several_at_once(self, session: int, batch: list[Act]) -> None:
        self._guard(lambda: self._pipeline(session, batch))

    @rule(first=sessions, others=st.integers(1, 2), batch=st.tuples(acts, acts, acts))
    def race(self, first: int, others: int, batch: tuple[Act, Act, Act]) -> None:
        self._guard(lambda: self._race(first, others, batch))

    @rule(copies=st.integers(1, 2))
    def deliver(self, copies: int) -> None:
        self._guard(lambda: self._deliver(copies))

    @rule(session=sessions, how=st.sampled_from(VISITS))
    def visit(self, session: int, how: tuple[str, bool]) -> None:
        self._guard(lambda: self._visit(session, *how))

    @rule(session=sessions)
    def idle(self, session: int) -> None:
        self._guard(lambda: self._opened(session).idle())

    @rule(session=sessions, how=st.sampled_from(["rename", "remake", "delete", "empty INBOX"]))
    def change_mailboxes(self, session: int, how: str) -> None:
        self._guard(lambda: self._change_mailboxes(session, how))

    @rule(session=sessions, act=acts, heard=st.integers(0, 20), choice=choices)
    def lose_connection(self, session: int, act: Act, heard: int, choice: Choice) -> None:
        self._guard(lambda: self._lose(session, act, heard / 20, choice))

    @rule()
    def forget_removals(self) -> None:
        """Let all tombstones expire: what is gone must be told all the same."""
        self._guard(self._world.expire_tombstones)

    # Rules: checkpoints.

    @rule(session=sessions)
    def catch_up(self, session: int) -> None:
        self._guard(lambda: self._check(session))

    @rule(session=sessions, choice=choices)
    def search(self, session: int, choice: Choice) -> None:
        self._guard(lambda: self._search(session, choice))

    @rule()
    def remember(self) -> None:
        self._guard(self._remember)

    @invariant()
    def who_idles_was_told(self) -> None:
        self._guard(self._check_idling)

    def teardown(self) -> None:
        try:
            if self._is_sound:
                for session in range(len(CONDSTORE)):
                    self._check(session)
        finally:
            self._world.close()

    def _guard(self, step: Callable[[], None]) -> None:
        """Do a step; after a failure nothing more is checked."""
        try:
            step()
        except BaseException as error:
            self._is_sound = False
            error.add_note("\n".join(self._world.last_said))
            raise

    # Sessions.

    def _begin(self) -> None:
        """Let everyone know INBOX: from here on they are told."""
        for line in self._lines:
            line.do("SELECT", "INBOX")
            line.run(line.client.ask_unknown())

    def _connect(self, session: int) -> MemoryLine:
        return self._world.connect(
            str(session),
            condstore=CONDSTORE[session],
            qresync=QRESYNC[session],
            memory=self._memories[session],
            reads_along=READS_ALONG[session],
        )

    def _line(self, session: int) -> MemoryLine:
        """Return a session that is there and does not idle."""
        self._lines[session].end_idle()
        if self._lines[session].client.has_ended:
            self._lines[session].close()
            self._lines[session] = self._connect(session)
        return self._lines[session]

    def _opened(self, session: int) -> MemoryLine:
        """Return a session that has a mailbox open."""
        line = self._line(session)
        left, choice = self._left.pop(session, (None, Choice()))
        if line.client.mailbox is None and left is not None:
            come_back(line, left, choice)
        if line.client.mailbox is None:
            line.do("SELECT", "INBOX")
        return line

    def _lose(self, session: int, act: Act, heard: float, choice: Choice) -> None:
        """Cut a connection while a command is under way; the client has heard a part of it."""
        line = self._lines[session]
        commands: list[Command] = []
        if not line.client.is_idling:
            line = self._opened(session)
            commands.append(self._command(line, act))
        line.send(line.client.start(*commands))
        self._world.settle(deaf=line)
        line.hear(part=heard)
        left = leave(line.client.mailbox) if QRESYNC[session] else None
        line.hear()  # what the client never heard tells the test which message is where
        self._note(*commands)
        line.client.has_ended, line.client.mailbox, line.client.is_idling = True, None, False
        line.close()
        if left is not None:
            self._left[session] = left, choice

    def _visit(self, session: int, name: str, other: bool) -> None:
        if name in OPENING:
            mailbox = self._other if other else "INBOX"
            command = Command(name, mailbox)
            self._line(session).run(command)
            if command.is_ok != bool(self._world.collection_of(mailbox)):
                raise Violation(f"{command.serialize()!r} was answered with {command.reply}")
            return
        line = self._opened(session)
        assert line.client.mailbox is not None
        mailbox, read_only = line.client.mailbox.name, line.client.mailbox.read_only
        before = self._rows(mailbox, session)
        command = Command(name)
        line.run(command)
        if command.is_ok:
            check_effect(command, before, self._rows(mailbox, session), read_only=read_only)

    # Commands.

    def _command(self, line: MemoryLine, act: Act, *, may_number: bool = True) -> Command:
        what, choice = act
        asking = Asking(line.client, choice, self._other, may_number)
        if what == "append":
            return operations.append(asking, next(self._tokens))
        return ON_MESSAGES[what](asking)

    def _act(self, session: int, act: Act) -> None:
        """Let one command be alone, and look at what it did."""
        line = self._opened(session)
        mailbox = line.client.mailbox
        assert mailbox is not None
        before = self._rows(mailbox.name, session)
        command = self._command(line, act)
        line.run(command)
        self._note(command)
        if line.client.mailbox is not None and all(message.uid for message in command.targets):
            after = self._rows(mailbox.name, session)
            check_effect(command, before, after, read_only=mailbox.read_only)

    def _pipeline(self, session: int, batch: list[Act]) -> None:
        line = self._opened(session)
        commands: list[Command] = []
        for act in batch:
            # Numbers behind a command that may change them would be ambiguous (RFC 3501 §5.5).
            may_number = all(command.by_number for command in commands)
            commands.append(self._command(line, act, may_number=may_number))
        line.run(*commands)
        self._note(*commands)

    def _race(self, first: int, others: int, batch: tuple[Act, Act, Act]) -> None:
        racing = [(first + place) % len(CONDSTORE) for place in range(others + 1)]
        lines = [self._opened(session) for session in racing]
        commands = [self._command(line, act) for line, act in zip(lines, batch, strict=False)]
        for line, command in zip(lines, commands, strict=True):
            line.send(line.client.start(command))
        self._world.settle()
        for line in lines:
            if line.client.pending and not line.client.has_ended:
                raise Violation(f"no reply to {line.client.pending[0].serialize()!r}")
        self._note(*commands)

    def _note(self, *commands: Command) -> None:
        """Remember which message is where, as the replies have it."""
        for command in commands:
            if command.copied is None:
                continue
            validity, sources, targets = command.copied
            if command.literal is not None:
                [uid] = targets
                self._place(validity, uid, command.literal.split()[1].decode())
            for source, target in zip(sources, targets, strict=bool(sources)):
                self._place(validity, target, self._places[command.uid_validity, source])

    def _place(self, uid_validity: int, uid: int, found: str) -> None:
        if self._places.setdefault((uid_validity, uid), found) != found:
            raise Violation(f"UID {uid} was {self._places[uid_validity, uid]} and is {found}")

    def _deliver(self, copies: int) -> None:
        for _ in range(copies):
            token = next(self._tokens)
            self._world.deliver(message_bytes(token))
            with db.read_snapshot():
                inbox = queries.get_mailbox(self._world.account_id, "INBOX")
            self._place(inbox.uid_validity, inbox.uid_next - 1, message_id(token))
        self._world.settle()

    # Mailboxes.

    def _change_mailboxes(self, session: int, how: str) -> None:
        if how == "empty INBOX":
            self._line(session).do("RENAME", "INBOX Gone")
            self._line(session).do("DELETE", "Gone")
        elif not self._world.collection_of(self._other):
            self._line(session).do("CREATE", self._other)
        elif how == "rename":
            self._rename(self._line(session))
        else:
            line = self._line(session)
            if line.client.mailbox is not None and line.client.mailbox.name == self._other:
                line.do("UNSELECT")
            self._line(session).do("DELETE", self._other)
            self._remembered.pop(self._other, None)
            if how == "remake":
                self._line(session).do("CREATE", self._other)

    def _rename(self, line: MemoryLine) -> None:
        old, new = self._other, OTHERS[self._other == OTHERS[0]]
        line.do("RENAME", f"{old} {new}")
        self._other = new
        if old in self._remembered:
            self._remembered[new] = self._remembered.pop(old)
        for other in self._lines:
            if other.client.mailbox is not None and other.client.mailbox.name == old:
                other.client.mailbox.name = new

    # Checkpoints.

    def _rows(self, name: str, session: int) -> Rows:
        reader_id = self._world.reader_id if READS_ALONG[session] else 0
        return read_rows(self._world.collection_of(name), reader_id)

    def _fresh(self, name: str, session: int) -> Fresh:
        """Return a mailbox as a new client like that of the session sees it, which is as it is."""
        fresh = read_fresh(self._witnesses[READS_ALONG[session]], name)
        check_rows(self._rows(name, session), fresh)
        for uid, found in fresh.message_ids.items():
            expected = self._places[fresh.uid_validity, uid]
            if found.decode() != expected:
                raise Violation(f"UID {uid} of {name} is {found!r}, it was {expected}")
        return fresh

    def _check(self, session: int) -> None:
        if session in self._left:
            self._opened(session)
        line = self._lines[session]
        if not catch_up(line) or line.client.mailbox is None:
            return
        name = line.client.mailbox.name
        fresh = self._fresh(name, session)
        check_law(line, fresh)
        check_silence(line)
        if CONDSTORE[session] and name in self._remembered:
            check_changed_since(line, self._remembered[name][READS_ALONG[session]], fresh)

    def _remember(self) -> None:
        for name in ("INBOX", self._other):
            if self._world.collection_of(name):
                either = (READS_ALONG.index(False), READS_ALONG.index(True))
                self._remembered[name] = [self._fresh(name, session) for session in either]

    def _check_idling(self) -> None:
        """Whoever idles was told what happened, but for all about messages that are new."""
        for session, line in enumerate(self._lines):
            mailbox = line.client.mailbox
            if not line.client.is_idling or mailbox is None:
                continue
            rows = self._rows(mailbox.name, session)
            if len(rows) != len(mailbox.messages):
                raise Violation(f"who idles knows {mailbox.messages}, there are {rows}")
            for message, (uid, (flags, modseq)) in zip(mailbox.messages, rows.items(), strict=True):
                held = flags if message.flags is None else message.flags
                if (message.uid or uid, held, message.modseq or modseq) != (uid, flags, modseq):
                    raise Violation(f"who idles knows {message}, there is {uid}: {rows[uid]}")

    def _search(self, session: int, choice: Choice) -> None:
        line = self._opened(session)
        if not catch_up(line) or line.client.mailbox is None:
            return
        messages = line.client.mailbox.messages
        key, holds = search_key(Asking(line.client, choice, self._other))
        expected = find_expected(messages, holds)
        by_uid = choice.bit(0)
        command = line.do("UID SEARCH" if by_uid else "SEARCH", key)
        numbers = {message: number for number, message in enumerate(messages, start=1)}
        told = [message.uid if by_uid else numbers[message] for message in expected]
        if command.found != told:
            raise Violation(f"SEARCH {key} found {command.found}, expected {told}")
        highest = max((message.modseq for message in expected), default=0)
        if "MODSEQ" in key and command.found_modseq != highest:
            raise Violation(f"SEARCH {key} has MODSEQ {command.found_modseq}, expected {highest}")
