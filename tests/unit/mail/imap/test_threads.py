"""THREAD's algorithms (RFC 5256 §3), case by case; tests/property holds them against an oracle."""

import random

import pytest

from mail.imap import threads
from mail.imap.threads import (
    ReferenceThreads,
    Threadable,
    ThreadAlgorithm,
    Threads,
    thread_messages,
)

Message = tuple[str, str, str]
"""Base subject, Message-ID, references."""


def thread(
    *given: Message,
    sent: list[int] | None = None,
    replies: frozenset[int] = frozenset(),
    algorithm: ThreadAlgorithm = ThreadAlgorithm.REFERENCES,
) -> str:
    dates = sent or list(range(len(given)))
    messages = [
        (dates[uid - 1], uid, subject, message_id, references, uid in replies)
        for uid, (subject, message_id, references) in enumerate(given, start=1)
    ]
    return told(thread_messages(algorithm, messages))


def told(threads: Threads) -> str:
    return (threads.form % tuple(threads.uids)).decode()


def test_replies_stand_below_what_they_answer() -> None:
    assert thread(("s", "1", ""), ("s", "2", "1"), ("s", "3", "1 2"), ("s", "4", "1")) == (
        "(1 (2 3)(4))"
    )


def test_siblings_are_in_the_order_of_their_dates() -> None:
    given = (("s", "1", ""), ("s", "2", "1"), ("s", "3", "1"), ("t", "4", ""))
    assert thread(*given, sent=[9, 5, 4, 1]) == "(4)(1 (3)(2))"


def test_siblings_of_one_date_are_in_the_order_of_the_mailbox() -> None:
    assert thread(("a", "1", ""), ("b", "2", ""), ("c", "3", ""), sent=[7, 7, 7]) == "(1)(2)(3)"


def test_a_missing_parent_of_several_is_a_dummy() -> None:
    assert thread(("a", "1", "x"), ("b", "2", "x")) == "((1)(2))"


def test_a_missing_parent_of_one_gives_its_place_to_its_child() -> None:
    assert thread(("a", "1", "x"), ("b", "2", "1 y")) == "(1 2)"


def test_a_missing_message_between_two_is_left_out() -> None:
    assert thread(("a", "1", ""), ("b", "3", "1 2"), ("c", "4", "1 2")) == "(1 (2)(3))"


def test_a_message_that_nobody_sent_and_nobody_answers_is_nowhere() -> None:
    assert thread(("a", "1", ""), ("b", "1", "x y z")) == "(1)(2)"


def test_of_two_messages_with_one_message_id_the_first_has_it() -> None:
    assert thread(("a", "1", ""), ("b", "1", ""), ("c", "2", "1")) == "(1 3)(2)"


def test_messages_without_message_id_are_messages() -> None:
    assert thread(("a", "", ""), ("b", "", ""), ("c", "", "1"), ("d", "1", "")) == "(1)(2)(4 3)"


def test_the_last_reference_of_a_message_is_worth_more_than_what_others_say() -> None:
    assert thread(("a", "1", ""), ("b", "3", "1 2"), ("c", "2", "")) == "(1)(3 2)"


def test_whoever_refers_to_itself_has_no_parent() -> None:
    assert thread(("a", "1", "1"), ("b", "2", "1 2")) == "(1)(2)"


def test_two_that_refer_to_each_other_make_no_loop() -> None:
    assert thread(("a", "1", "2"), ("b", "2", "1")) == "(2 1)"


def test_threads_of_one_subject_whose_first_is_no_reply_become_siblings() -> None:
    assert thread(("a", "1", ""), ("A", "2", "")) == "((1)(2))"
    assert thread(("ä", "1", ""), ("Ä", "2", ""), ("ä", "3", "")) == "((1)(2)(3))"


def test_a_reply_goes_below_the_message_of_its_subject() -> None:
    assert thread(("a", "1", ""), ("a", "2", ""), replies=frozenset({2})) == "(1 2)"
    assert thread(("a", "1", ""), ("a", "2", ""), replies=frozenset({1})) == "(2 1)"
    assert thread(("a", "1", ""), ("a", "2", ""), replies=frozenset({1, 2})) == "((1)(2))"


def test_whoever_has_the_subject_of_a_dummy_goes_below_it() -> None:
    given = (("a", "1", "x"), ("a", "2", "x"), ("a", "3", ""))
    assert thread(*given) == "((1)(2)(3))"


def test_two_dummies_of_one_subject_become_one() -> None:
    given = (("a", "1", "x"), ("b", "2", "x"), ("a", "3", "y"), ("c", "4", "y"))
    assert thread(*given) == "((1)(2)(3)(4))"


def test_without_a_subject_nothing_is_gathered() -> None:
    assert thread(("", "1", ""), ("", "2", "")) == "(1)(2)"


def test_ordered_subject_puts_all_later_ones_below_the_first() -> None:
    given = (("b", "", ""), ("a", "", ""), ("B", "", ""), ("a", "", ""), ("b", "", ""))
    algorithm = ThreadAlgorithm.ORDEREDSUBJECT
    assert thread(*given, algorithm=algorithm) == "(1 (3)(5))(2 4)"
    assert thread(*given, algorithm=algorithm, sent=[5, 4, 3, 2, 1]) == "(5 (3)(1))(4 2)"


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_a_thread_of_ten_thousand_is_as_deep_as_it_is(seed: int | None) -> None:
    messages: list[Threadable] = [
        (uid, uid, f"s{uid}", str(uid), f"{uid - 2} {uid - 1}", False) for uid in range(1, 10001)
    ]
    if seed is not None:
        random.Random(seed).shuffle(messages)
    found = thread_messages(ThreadAlgorithm.REFERENCES, messages)
    assert found.form.count(b"(") == 1
    assert list(found.uids) == list(range(1, 10001))


@pytest.mark.parametrize(("steps", "is_whole"), [(1_000, True), (10, False)])
def test_threads_made_to_cost_the_square_of_their_number_come_in_pieces(
    monkeypatch: pytest.MonkeyPatch, steps: int, *, is_whole: bool
) -> None:
    monkeypatch.setattr(threads, "STEPS", steps)
    count = 100
    chain = [(uid, uid, "", f"c{uid}", f"c{uid - 1}", False) for uid in range(1, count)]
    # Each of these has a child already, and goes below the deepest of all.
    children = [(0, count + n, "", "", f"p{n}", False) for n in range(count)]
    parents = [(0, 2 * count + n, "", f"p{n}", f"c{count - 1}", False) for n in range(count)]
    messages = [*chain, *children, *parents]
    references = ReferenceThreads()
    references.add(messages)
    found = references.tell()
    assert sorted(found.uids) == [message[1] for message in messages]
    # A dummy above the first message has it as its only child.
    assert (found.form.startswith(b"(%d %d %d") and found.form.endswith(b"))")) is is_whole
    assert references.is_exhausted is not is_whole


def test_no_message_makes_no_thread() -> None:
    for algorithm in ThreadAlgorithm:
        assert told(thread_messages(algorithm, [])) == ""


CONVERSATION: list[Threadable] = [
    (1, 1, "s", "1", "", False),
    (2, 2, "s", "2", "1", True),
    (3, 3, "s", "3", "1 2", True),
    (4, 4, "t", "4", "x y", True),
    (5, 5, "t", "4", "", True),
    (6, 6, "u", "", "", False),
]


@pytest.mark.parametrize(
    ("uid", "left"),
    [
        (1, None),  # others name it
        (3, "(1 2)((4)(5))(6)"),
        (4, None),  # its references were linked by it, and its Message-ID is another's as well
        (5, "(1 2 3)(4)(6)"),
        (6, "(1 2 3)((4)(5))"),
    ],
)
def test_a_message_on_which_none_depends_is_taken_out_of_its_thread(
    uid: int, left: str | None
) -> None:
    references = ReferenceThreads()
    references.add(CONVERSATION)
    assert told(references.tell()) == "(1 2 3)((4)(5))(6)"
    assert references.remove(CONVERSATION[uid - 1 : uid]) is (left is not None)
    if left is not None:
        assert told(references.tell()) == left
