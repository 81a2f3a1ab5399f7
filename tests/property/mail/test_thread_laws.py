"""THREAD=REFERENCES against RFC 5256 §3 written down as it stands there, slow and recursive."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from mail.imap.threads import ReferenceThreads, Threadable, ThreadAlgorithm, thread_messages

IDS = ["", *"abcdefgh"]
Raw = tuple[int, str, str, list[str], bool]
"""(sent, subject, message_id, references, is_reply)."""
RAW = st.tuples(
    st.integers(0, 5),
    st.sampled_from(["", "x", "y", "X"]),
    st.sampled_from(IDS),
    st.lists(st.sampled_from(IDS[1:]), max_size=4),
    st.booleans(),
)


@dataclass(eq=False)
class Node:
    """A message, or a dummy."""

    place: int | None = None
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)


class Oracle:
    """The algorithm in the words of the RFC."""

    def __init__(self, messages: list[Threadable]) -> None:
        self.messages = messages
        self.root = Node()

    def key(self, node: Node) -> tuple[int, int]:
        place = node.children[0].place if node.place is None else node.place
        assert place is not None
        return self.messages[place][0], place

    def run(self) -> str:
        self.link()
        for thread in list(self.root.children):
            self.prune(thread, self.root)
        for node in self.root.children:
            if node.place is None:
                node.children.sort(key=self.key)
        self.root.children.sort(key=self.key)
        self.gather()
        self.sort(self.root)
        return "".join(map(self.text, self.root.children))

    def link(self) -> None:
        table: dict[str, Node] = {}
        own: list[Node] = []
        for place, message in enumerate(self.messages):
            node = Node(place)
            own.append(node)
            message_id = message[3]
            if message_id and message_id not in table:
                table[message_id] = node
        every = list(own)
        for place, message in enumerate(self.messages):
            last = link_references(message[4].split(), table, every)
            node = own[place]
            if node.parent is not None:
                node.parent.children.remove(node)
                node.parent = None
            if last is not None and not above(node, last):
                adopt(last, node)
        for node in every:
            if node.parent is None:
                adopt(self.root, node)

    def prune(self, node: Node, parent: Node) -> None:
        for child in list(node.children):
            self.prune(child, node)
        if node.place is not None:
            return
        if parent is self.root and len(node.children) > 1:
            return
        at = parent.children.index(node)
        parent.children[at : at + 1] = node.children
        for child in node.children:
            child.parent = parent

    def subject(self, node: Node) -> str:
        place = node.children[0].place if node.place is None else node.place
        assert place is not None
        return self.messages[place][2].upper()

    def is_reply(self, node: Node) -> bool:
        return node.place is not None and self.messages[node.place][5]

    def gather(self) -> None:
        table: dict[str, Node] = {}
        for node in self.root.children:
            subject = self.subject(node)
            if not subject:
                continue
            held = table.setdefault(subject, node)
            if held.place is not None and (
                node.place is None or (self.is_reply(held) and not self.is_reply(node))
            ):
                table[subject] = node
        subjects = [(node, self.subject(node)) for node in self.root.children]
        for node, subject in subjects:
            if not subject or node not in self.root.children or table[subject] is node:
                continue
            held = table[subject]
            self.root.children.remove(node)
            if held.place is None and node.place is None:
                held.children += node.children
            elif held.place is None or (self.is_reply(node) and not self.is_reply(held)):
                held.children.append(node)
            else:
                self.root.children.remove(held)
                table[subject] = Node(children=[held, node])
                self.root.children.append(table[subject])

    def sort(self, node: Node) -> None:
        for child in node.children:
            self.sort(child)
        node.children.sort(key=self.key)

    def text(self, node: Node) -> str:
        return f"({self.line(node)})"

    def line(self, node: Node) -> str:
        own = "" if node.place is None else str(self.messages[node.place][1])
        if len(node.children) == 1:
            return f"{own} {self.line(node.children[0])}".strip()
        below = "".join(map(self.text, node.children))
        return f"{own} {below}".strip()


def link_references(
    references: list[str], table: dict[str, Node], every: list[Node]
) -> Node | None:
    """Make each the parent of the next, and return the last."""
    last: Node | None = None
    for reference in references:
        if reference not in table:
            table[reference] = Node()
            every.append(table[reference])
        node = table[reference]
        if last is not None and node.parent is None and not above(node, last):
            adopt(last, node)
        last = node
    return last


def above(node: Node, other: Node) -> bool:
    """Tell whether `node` is `other` or above it."""
    at: Node | None = other
    while at is not None:
        if at is node:
            return True
        at = at.parent
    return False


def adopt(parent: Node, child: Node) -> None:
    parent.children.append(child)
    child.parent = parent


@given(st.lists(RAW, max_size=12))
def test_threads_are_those_of_the_rfc_and_hold_each_message_once(
    raw: list[Raw],
) -> None:
    messages = as_messages(raw)
    told = tell(messages)
    assert sorted(map(int, re.findall("[0-9]+", told))) == [message[1] for message in messages]
    assert told == Oracle(messages).run()


def as_messages(raw: list[Raw]) -> list[Threadable]:
    return [
        (sent, uid, subject, message_id, " ".join(dict.fromkeys(references)), is_reply)
        for uid, (sent, subject, message_id, references, is_reply) in enumerate(raw, start=1)
    ]


def tell(messages: list[Threadable]) -> str:
    found = thread_messages(ThreadAlgorithm.REFERENCES, messages)
    return (found.form % tuple(found.uids)).decode()


@given(st.lists(RAW, max_size=16), st.lists(st.integers(0, 4), max_size=16))
def test_threads_that_are_added_to_are_those_that_are_made_anew(
    raw: list[Raw], batches: list[int]
) -> None:
    messages = as_messages(raw)
    references = ReferenceThreads()
    start = 0
    for size in [*batches, len(messages)]:
        references.add(messages[start : start + size])
        start += size
        found = references.tell()
        assert (found.form % tuple(found.uids)).decode() == tell(messages[:start])
