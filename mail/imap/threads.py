"""How THREAD makes threads of messages (RFC 5256 §3). Pure.

Nothing here recurses: a thread may be as deep as its mailbox is large. Messages and the dummies
that stand for missing ones are numbered, and lists say what is known of each.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from mail.mime.collation import casemap

STEPS: Final = 1_000
"""Steps from child to parent that each message may cost on average while loops are looked for.

Real threads need a few; whoever sends threads made to need more gets some of them in pieces.
"""
NONE: Final = -1
"""The parent of what has none, and the message behind a dummy."""


class ThreadAlgorithm(Enum):
    """How messages are put together."""

    ORDEREDSUBJECT = "ORDEREDSUBJECT"
    REFERENCES = "REFERENCES"


class Threadable(NamedTuple):
    """What a message's thread depends on; `sent` is the internal date where there is no Date."""

    uid: int
    sent: int
    base_subject: str
    message_id: str
    references: str


@dataclass(slots=True)
class Forest:
    """Threads: what is at the top, and what is below each; siblings in their order."""

    roots: list[int] = field(default_factory=list)
    children: dict[int, list[int]] = field(default_factory=dict)
    messages: list[int] = field(default_factory=list)
    """For each number the position of its message, NONE for a dummy."""

    def add(self, message: int = NONE) -> int:
        """Return the number of a new member."""
        self.messages.append(message)
        return len(self.messages) - 1

    def is_dummy(self, member: int) -> bool:
        """Tell whether no message stands behind a member."""
        return self.messages[member] == NONE


IsReply = Callable[[int], bool]
"""Tells of a UID whether its subject is a reply's or a forward's (RFC 5256 §2.1)."""


def thread_messages(
    algorithm: ThreadAlgorithm, messages: Sequence[Threadable], is_reply: IsReply
) -> Forest:
    """Return the threads of messages, which come in the order of the mailbox."""
    if algorithm is ThreadAlgorithm.REFERENCES:
        return thread_by_references(messages, is_reply)
    return thread_by_subject(messages)


def thread_by_subject(messages: Sequence[Threadable]) -> Forest:
    """Return the threads of ORDEREDSUBJECT: those who have the first one's base subject below it."""
    forest = Forest(messages=list(range(len(messages))))
    first_of: dict[str, int] = {}
    for place in _by_date(messages):
        subject = casemap(messages[place].base_subject)
        first = first_of.setdefault(subject, place)
        if first == place:
            forest.roots.append(place)
        else:
            forest.children.setdefault(first, []).append(place)
    return forest


def thread_by_references(messages: Sequence[Threadable], is_reply: IsReply) -> Forest:
    """Return the threads of REFERENCES, by its six steps."""
    forest = _Linker(messages).link()
    _prune(forest)
    rank = [0] * len(messages)
    for position, place in enumerate(_by_date(messages)):
        rank[place] = position
    _sort(forest, rank)
    _Gatherer(forest, messages, is_reply).gather()
    _sort(forest, rank)
    return forest


def _by_date(messages: Sequence[Threadable]) -> list[int]:
    """Return the positions by sent date, equal ones by their order in the mailbox."""
    return sorted(range(len(messages)), key=lambda place: messages[place].sent)


class _Linker:
    """Steps 1 and 2: who is whose parent, and who has none."""

    def __init__(self, messages: Sequence[Threadable]) -> None:
        self._source = messages
        self._forest = Forest()
        self._by_id: dict[str, int] = {}
        self._parents: list[int] = []
        self._counts: list[int] = []
        self._steps = STEPS * len(messages)

    def link(self) -> Forest:
        for place, message in enumerate(self._source):
            member = self._member_of(place, message.message_id)
            parent = NONE
            for reference in filter(None, message.references.split(" ")):
                child = self._find_or_add(reference)
                if parent != NONE and self._parents[child] == NONE:
                    self._attach(child, parent)
                parent = child
            self._set_parent(member, parent)
        for member, parent in enumerate(self._parents):
            if parent == NONE:
                self._forest.roots.append(member)
            else:
                self._forest.children.setdefault(parent, []).append(member)
        return self._forest

    def _member_of(self, place: int, message_id: str) -> int:
        """Return the message's member; of several with one Message-ID the first has it."""
        if message_id:
            member = self._find_or_add(message_id)
            if self._forest.is_dummy(member):
                self._forest.messages[member] = place
                return member
        return self._add(place)

    def _find_or_add(self, message_id: str) -> int:
        member = self._by_id.get(message_id)
        if member is None:
            member = self._by_id[message_id] = self._add(NONE)
        return member

    def _add(self, place: int) -> int:
        self._parents.append(NONE)
        self._counts.append(0)
        return self._forest.add(place)

    def _set_parent(self, member: int, parent: int) -> None:
        """Make the last reference the parent, whatever other messages said before."""
        held = self._parents[member]
        if held == parent:
            return
        if held != NONE:
            self._parents[member] = NONE
            self._counts[held] -= 1
        if parent != NONE:
            self._attach(member, parent)

    def _attach(self, child: int, parent: int) -> None:
        """Make a link unless it would close a loop."""
        if self._is_below(parent, child):
            return
        self._parents[child] = parent
        self._counts[parent] += 1

    def _is_below(self, member: int, ancestor: int) -> bool:
        if member == ancestor:
            return True
        if not self._counts[ancestor]:
            return False
        while member not in (NONE, ancestor) and self._steps:
            member = self._parents[member]
            self._steps -= 1
        return member != NONE


def _prune(forest: Forest) -> None:
    """Do step 3: no dummy is left but those at the top with several children."""
    order = list(forest.roots)
    for member in order:
        order += forest.children.get(member, ())
    for member in reversed(order):
        if member in forest.children:
            forest.children[member] = _without_dummies(forest, forest.children[member], most=None)
    forest.roots = _without_dummies(forest, forest.roots, most=1)


def _without_dummies(forest: Forest, siblings: list[int], *, most: int | None) -> list[int]:
    """Put children in their dummy's place; with more of them than `most` a dummy stays."""
    kept: list[int] = []
    for member in siblings:
        if not forest.is_dummy(member):
            kept.append(member)
            continue
        below = forest.children.get(member, [])
        if most is None or len(below) <= most:
            kept += below
            forest.children.pop(member, None)
        else:
            kept.append(member)
    return kept


def _sort(forest: Forest, rank: list[int]) -> None:
    """Do steps 4 and 6: order siblings, a dummy by the first of its children."""
    messages = forest.messages
    for siblings in forest.children.values():
        if len(siblings) > 1:
            siblings.sort(key=lambda member: rank[messages[member]])
    forest.roots.sort(key=lambda member: rank[messages[_first_of(forest, member)]])


def _first_of(forest: Forest, member: int) -> int:
    return forest.children[member][0] if forest.is_dummy(member) else member


class _Gatherer:
    """Step 5: threads of one base subject become one."""

    def __init__(self, forest: Forest, messages: Sequence[Threadable], is_reply: IsReply) -> None:
        self._forest = forest
        self._source = messages
        self._is_reply = is_reply
        self._table: dict[str, int] = {}

    def gather(self) -> None:
        roots = [(member, self._subject_of(member)) for member in self._forest.roots]
        for member, subject in roots:
            if subject:
                self._note(member, subject)
        kept = dict.fromkeys(self._forest.roots)
        for member, subject in roots:
            # What became a child on the way is no thread of its own any more.
            if subject and member in kept and self._table[subject] != member:
                del kept[member]
                self._merge(member, subject, kept)
        self._forest.roots = list(kept)

    def _subject_of(self, member: int) -> str:
        first = self._forest.messages[_first_of(self._forest, member)]
        return casemap(self._source[first].base_subject)

    def _is_answer(self, member: int) -> bool:
        return self._is_reply(self._source[self._forest.messages[member]].uid)

    def _note(self, member: int, subject: str) -> None:
        """Choose who stands for a subject: a dummy, else the first that is no reply."""
        held = self._table.setdefault(subject, member)
        if held == member or self._forest.is_dummy(held):
            return
        if self._forest.is_dummy(member) or (self._is_answer(held) and not self._is_answer(member)):
            self._table[subject] = member

    def _merge(self, member: int, subject: str, kept: dict[int, None]) -> None:
        forest, held = self._forest, self._table[subject]
        if forest.is_dummy(member):  # and so is the other: a dummy stands before any message
            forest.children[held] += forest.children.pop(member)
        elif forest.is_dummy(held) or (self._is_answer(member) and not self._is_answer(held)):
            forest.children.setdefault(held, []).append(member)
        else:
            dummy = self._table[subject] = forest.add()
            forest.children[dummy] = [held, member]
            del kept[held]
            kept[dummy] = None


_CLOSE: Final = -2


def serialize_threads(forest: Forest) -> tuple[bytes, list[int]]:
    """Return the threads in their wire form, with `%d` for each message, and who these are.

    Positions of messages come in the order of their places: whoever keeps the form fills in
    UIDs or sequence numbers as they are asked for.
    """
    form: list[bytes] = []
    places: list[int] = []
    stack: list[int] = []
    for root in forest.roots:
        stack.append(root)
        while stack:
            member = stack.pop()
            if member == _CLOSE:
                form.append(b")")
                continue
            form.append(b"(")
            stack.append(_CLOSE)
            stack += reversed(_write_line(forest, member, form, places))
    return b"".join(form), places


def _write_line(forest: Forest, member: int, form: list[bytes], places: list[int]) -> list[int]:
    """Write a message and those below it as long as each has one child; return who then divides."""
    gap = b""
    siblings = [member]
    while len(siblings) == 1:
        [member] = siblings
        if not forest.is_dummy(member):
            form.append(gap + b"%d")
            places.append(forest.messages[member])
            gap = b" "
        siblings = forest.children.get(member, [])
    if siblings:
        form.append(gap)
    return siblings
