import time

import pytest

from mail.mime.limits import MimeLimits
from mail.mime.thread import base_subject, read_message_id, read_references


@pytest.mark.parametrize(
    ("subject", "expected", "changed"),
    [
        ("hello", "hello", False),
        ("", "", False),
        ("  two \t words ", "two words", False),
        ("Re: hello", "hello", True),
        ("RE :hello", "hello", True),
        ("fw: fwd: Re: hello", "hello", True),
        ("Re[2]: hello", "hello", True),
        ("Re [x] : hello", "hello", True),
        ("[list] hello", "hello", False),
        ("[list] Re: [list] Fwd: [a] [b] hello", "hello", True),
        ("[list]", "[list]", False),
        ("[a] [b]", "[b]", False),
        ("Re: [list]", "[list]", True),
        ("hello (fwd)", "hello", True),
        ("hello (FWD) (fwd) ", "hello", True),
        ("[fwd: hello]", "hello", True),
        ("[Fwd: Re: [x] hello (fwd)]", "hello", True),
        ("[fwd: [fwd: hello]]", "hello", True),
        ("[fwd: hello", "[fwd: hello", False),
        ("Re:", "", True),
        ("(fwd)", "", True),
        ("regards", "regards", False),
        ("Re hello", "Re hello", False),
        ("Re: re: ", "", True),
        ("[a[b] Re: x", "[a[b] Re: x", False),
        ("[a][b]c", "c", False),
        ("[a] (fwd)", "[a]", True),
        ("Re [a]:Re[4] :FW [x] [y] z", "FW [x] [y] z", True),
        ("[fwd:[list] Re: x (fwd)]", "x", True),
        ("[fwd: x] y", "y", False),
        ("[fwd: ]", "", True),
        ("x [fwd: y]", "x [fwd: y]", False),
        ("[fwd: x] (fwd)", "x", True),
        ("(fwd) x", "(fwd) x", False),
        ("Re: [fwd: x", "[fwd: x", True),
        ("Re:\t\r\n two\r\n\twords  here", "two words here", True),
        ("fwd[a]: x", "x", True),
        ("fwdd: x", "fwdd: x", False),
        ("re:re:x", "x", True),
        ("Re: İstanbul", "İstanbul", True),
    ],
)
def test_base_subject_is_without_marks(subject: str, expected: str, *, changed: bool) -> None:
    assert base_subject(subject) == (expected, changed)


@pytest.mark.parametrize("piece", ["re:", "[a]", "[fwd:", "(fwd)", "[", "[fwd: re: (fwd)", "re ["])
def test_hostile_subjects_take_bounded_time(piece: str) -> None:
    started = time.process_time()
    base_subject(piece * 50_000 + "]" * 50_000)
    base_subject("x" + piece * 300)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"<a@b>", "a@b"),
        (b" junk <a@b> more", "a@b"),
        (b'<"a b"@\tc>', "ab@c"),
        (b"a@b", "a@b"),
        (b"<a>", "a"),
        (b"<>", ""),
        (b"two words", ""),
        (b"", ""),
        (b"<\xe4@b>", "ä@b"),
    ],
)
def test_message_id_is_normalized(raw: bytes, expected: str) -> None:
    assert read_message_id({b"message-id": raw}) == expected


def test_references_go_before_in_reply_to() -> None:
    fields = {b"references": b"<1@a> <2@a><1@a> junk", b"in-reply-to": b"<9@a>"}
    assert read_references(fields) == ("1@a", "2@a")


def test_first_id_of_in_reply_to_stands_for_missing_references() -> None:
    fields = {b"references": b"none", b"in-reply-to": b"yours of <1@a> and <2@a>"}
    assert read_references(fields) == ("1@a",)
    assert read_references({b"in-reply-to": b"your mail"}) == ()


def test_references_beyond_the_limit_lose_the_middle() -> None:
    fields = {b"references": b" ".join(b"<%d@a>" % number for number in range(10))}
    assert read_references(fields, MimeLimits(max_references=3)) == ("0@a", "8@a", "9@a")
