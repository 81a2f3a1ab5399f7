"""How THREAD makes threads of messages (RFC 5256 §3). Pure.

Hot: guarded by the THREAD benchmark. Nothing here recurses: a thread may be as deep as its mailbox
is large.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from operator import itemgetter
from typing import Final

from mail.mime.collation import casemap

STEPS: Final = 1_000
"""Steps from child to parent that each message may cost on average while loops are looked for.

Real threads need a few; whoever sends threads made to need more gets some of them in pieces.
"""


class ThreadAlgorithm(Enum):
    """How messages are put together."""

    ORDEREDSUBJECT = "ORDEREDSUBJECT"
    REFERENCES = "REFERENCES"


Threadable = tuple[int, int, str, str, str, bool]
"""What a message's thread depends on: (sent, uid, base_subject, message_id, references, is_reply).

`sent` is the internal date where there is no Date, so that messages compare as RFC 5256 §2.2 has
it: by the sent date, equal ones by their order in the mailbox.
"""


@dataclass(frozen=True, slots=True)
class Threads:
    """Threads in their wire form, with `%d` for each message, and the UIDs of these."""

    form: bytes
    uids: "array[int]"


def thread_messages(algorithm: ThreadAlgorithm, messages: Sequence[Threadable]) -> Threads:
    """Return the threads of messages, which come in the order of the mailbox."""
    if algorithm is ThreadAlgorithm.ORDEREDSUBJECT:
        return thread_by_subject(messages)
    references = ReferenceThreads()
    references.add(messages)
    return references.tell()


def thread_by_subject(messages: Iterable[Threadable]) -> Threads:
    """Return the threads of ORDEREDSUBJECT: those who have the first one's base subject below it."""
    threads: dict[str, list[int]] = {}
    for _, uid, subject, *_ in sorted(messages):
        threads.setdefault(casemap(subject), []).append(uid)
    forms = {1: b"(%d)", 2: b"(%d %d)"}
    form = [
        forms.get(len(uids)) or b"(%d " + b"(%d)" * (len(uids) - 1) + b")"
        for uids in threads.values()
    ]
    return Threads(b"".join(form), array("I", chain.from_iterable(threads.values())))


Node = str | int
"""A Message-ID; or the UID of a message that has none, or one that an earlier message has."""
Tree = tuple[Threadable, Node | None, Sequence[Node]]
"""A thread after step 3: the message that decides about its place and subject, and the node at
its top; or None for a dummy, and the several messages below that."""
Group = str | int
"""The subject that threads have in common; without one, the UID that a thread begins with."""
Thread = tuple[Threadable, bytes, list[int]]
"""A thread after step 6: the message that decides about its place, its wire form, and its UIDs."""

Special = Mapping[Node, Sequence[Node]]
"""Nodes that have others below them than in their trees."""
NOTHING: Final[Special] = {}


class ReferenceThreads:
    """The threads of REFERENCES, to which messages can be added in the order of the mailbox.

    Steps 1 and 2 of RFC 5256 §3 take one message after the other, so that another one continues
    them. The later steps see one thread, or those of one base subject: only threads that new
    messages have changed are made anew. So the result is that of making all of them at once.
    """

    def __init__(self) -> None:
        """Begin without a message."""
        self._messages: dict[Node, Threadable] = {}
        """The nodes that are no dummies."""
        self._parents: dict[Node, Node] = {}
        self._children: dict[Node, dict[Node, None]] = {}
        """Without those that have none; of many one is taken away as fast as of a few."""
        self._mentioned: set[Node] = set()
        """The references of all messages."""
        self._needed: set[Node] = set()
        """Nodes of messages without which others would be linked otherwise."""
        self._changed: list[Node] = []
        """Nodes of all trees that changed since `tell`, and all that are no tops any more."""
        self._group_of: dict[Node, Group] = {}
        """By the top of its tree, dummies included."""
        self._groups: dict[Group, dict[Node, Tree]] = {}
        self._threads: dict[Group, Thread] = {}
        self._steps = 0

    @property
    def is_exhausted(self) -> bool:
        """Tell whether loops were looked for no longer: then nothing more can be added."""
        return bool(self._messages) and not self._steps

    def add(self, messages: Sequence[Threadable]) -> None:
        """Do steps 1 and 2 with further messages."""
        self._steps += STEPS * len(messages)
        known, parents = self._messages, self._parents
        for message in messages:
            _, uid, _, message_id, references, _ = message
            # Of several messages with one Message-ID the first has it.
            node: Node = message_id or uid
            if node in known:
                self._needed.add(node)
                node = uid
            known[node] = message
            self._changed.append(node)
            parent = self._link(node, references.split(" ")) if references else None
            if parent is not None or node in parents:
                self._set_parent(node, parent)

    def remove(self, messages: Iterable[Threadable]) -> bool:
        """Take messages away, where they changed nothing but that they are there.

        Tell whether all were such: else all is to be made anew without them. Invariant: a message
        that nobody names, whose references were linked before it came, and whose Message-ID no
        other has, is a leaf to which steps 1 and 2 came back for no other message.
        """
        for message in messages:
            _, uid, _, message_id, *_ = message
            node: Node = message_id if self._messages.get(message_id) is message else uid
            self._steps -= STEPS
            if node in self._mentioned or node in self._needed or self._steps <= 0:
                return False
            self._set_parent(node, None)
            del self._messages[node]
            self._changed.append(node)
        return True

    def _link(self, node: Node, references: list[str]) -> Node | None:
        """Make each reference the parent of the next, where that has none; return the last."""
        self._mentioned.update(references)
        parent: Node | None = None
        for reference in filter(None, references):
            if parent is not None and reference not in self._parents:
                self._attach(reference, parent)
                self._needed.add(node)
            parent = reference
        return parent

    def _set_parent(self, node: Node, parent: Node | None) -> None:
        """Make the last reference the parent, whatever other messages said before."""
        held = self._parents.get(node)
        if held == parent:
            return
        if held is not None:
            del self._parents[node]
            siblings = self._children[held]
            del siblings[node]
            if not siblings:
                del self._children[held]
            self._changed.append(held)
        if parent is not None:
            self._attach(node, parent)

    def _attach(self, node: Node, parent: Node) -> None:
        """Make a link unless it would close a loop."""
        if node == parent or (node in self._children and self._is_below(parent, node)):
            return
        self._parents[node] = parent
        self._children.setdefault(parent, {})[node] = None
        self._changed.append(node)

    def _is_below(self, node: Node, ancestor: Node) -> bool:
        at: Node | None = node
        while at is not None and at != ancestor and self._steps:
            at = self._parents.get(at)
            self._steps -= 1
        return at is not None

    def tell(self) -> Threads:
        """Do the other steps, and return the threads of all messages."""
        if self._changed:
            for group in self._regroup():
                trees = self._groups.get(group)
                if trees:
                    self._threads[group] = self._gather(sorted(trees.values()))
                else:
                    self._threads.pop(group, None)
            # In order but for those that changed: that is sorted in one pass the next time.
            self._threads = dict(sorted(self._threads.items(), key=itemgetter(1)))
            self._changed.clear()
        form = b"".join([form for _, form, _ in self._threads.values()])
        uids = chain.from_iterable(uids for _, _, uids in self._threads.values())
        return Threads(form, array("I", uids))

    def _regroup(self) -> set[Group]:
        """Do steps 3 and 4 for trees that changed; return the groups that lost or got one."""
        tops = self._list_tops()
        was_top = self._group_of.keys()
        groups = {self._drop(node) for node in was_top & {*self._changed, *tops}}
        for top in tops:
            message = self._messages.get(top)
            tree = (message, top, ()) if message else self._find_dummy(top)
            if tree is None:
                continue
            first = tree[0]
            group = self._group_of[top] = casemap(first[2]) if first[2] else first[1]
            if group in self._groups:
                self._groups[group][top] = tree
            else:
                self._groups[group] = {top: tree}
            groups.add(group)
        return groups

    def _drop(self, top: Node) -> Group:
        group = self._group_of.pop(top)
        del self._groups[group][top]
        if not self._groups[group]:
            del self._groups[group]
        return group

    def _list_tops(self) -> list[Node]:
        """Return the tops of the trees that changed."""
        tops: list[Node] = []
        seen: set[Node] = set()
        for node in self._changed:
            at: Node | None = node
            while at is not None and at not in seen:
                seen.add(at)
                parent = self._parents.get(at)
                if parent is None:
                    tops.append(at)
                at = parent
        return tops

    def _find_dummy(self, top: Node) -> Tree | None:
        """Return the tree of a dummy: only one that has several children stays."""
        below = self._list_below(top)
        if not below:
            return None
        first = self._messages[below[0]]
        return (first, None, below) if len(below) > 1 else (first, below[0], ())

    def _list_below(self, top: Node) -> list[Node]:
        """Return the messages below a node in order; what is below a dummy takes its place."""
        if top not in self._children:
            return []
        below: list[Node] = []
        found = [top]
        while found:
            for child in self._children.get(found.pop(), ()):
                (below if child in self._messages else found).append(child)
        return self._sort(below)

    def _sort(self, nodes: list[Node]) -> list[Node]:
        if len(nodes) > 1:
            nodes.sort(key=self._messages.__getitem__)
        return nodes

    def _gather(self, trees: list[Tree]) -> Thread:
        """Do step 5 for the trees of one subject, in their order: they become one thread."""
        _, top, below = trees[0]
        if len(trees) == 1:
            return self._write(top, below)
        tops = [top for _, top, _ in trees if top is not None]
        if len(tops) < len(trees):
            # There is a dummy, and the first one stands for the subject: all go below it.
            return self._write(None, self._sort([*tops, *chain(*(below for *_, below in trees))]))
        originals = [top for top in tops if not self._messages[top][5]]
        if not originals:
            return self._write(None, tops)
        # The first that is no reply stands for it: replies go below, until there is another one
        # that is none; then a dummy takes both, and all that follow.
        first = originals[0]
        end = tops.index(originals[1]) if len(originals) > 1 else len(tops)
        below = self._sort([*self._list_below(first), *(top for top in tops[:end] if top != first)])
        if end == len(tops):
            return self._write(first, below)
        return self._write(None, [first, *tops[end:]], {first: below})

    def _write(self, top: Node | None, below: Sequence[Node], special: Special = NOTHING) -> Thread:
        """Return a thread; those below its nodes are those of their trees, but for special ones."""
        form: list[bytes] = []
        uids: list[int] = []
        if top is not None:
            self._write_tree(top, below or self._list_below(top), form, uids)
            return self._messages[top], b"".join(form), uids
        form.append(b"(")
        for node in below:
            if node in self._children or node in special:
                of_node = special.get(node) or self._list_below(node)
                self._write_tree(node, of_node, form, uids)
            else:
                form.append(b"(%d)")
                uids.append(self._messages[node][1])
        form.append(b")")
        return self._messages[below[0]], b"".join(form), uids

    def _write_tree(
        self, top: Node, below: Sequence[Node], form: list[bytes], uids: list[int]
    ) -> None:
        """Write a node, which has these below it, and all that is below them."""
        stack: list[Node | None] = [top]
        while stack:
            node = stack.pop()
            if node is None:
                form.append(b")")
                continue
            form.append(b"(%d")
            uids.append(self._messages[node][1])
            if node != top:
                below = self._list_below(node)
            while len(below) == 1:
                form.append(b" %d")
                uids.append(self._messages[below[0]][1])
                below = self._list_below(below[0])
            if below:
                form.append(b" ")
                stack.append(None)
                stack += reversed(below)
            else:
                form.append(b")")
