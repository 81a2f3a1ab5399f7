"""Whatever another server says is an answer, or a failure with a text: never anything else."""

import contextlib
import socket
import threading
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groupware.core.errors import GroupwareError
from mail.outside import servers
from mail.outside.imap import open_imap
from mail.outside.messages import Listed
from mail.outside.pop3 import open_pop3
from mail.outside.servers import Server
from mail.outside.smtp import check_smtp

SERVER = Server("garbage.test", 1, "none", "ann", "secret")
WORDS = st.sampled_from(
    [
        b"* OK hello", b"* CAPABILITY IMAP4rev1 AUTH=PLAIN", b"* CAPABILITY {3}", b"abc", b"TAG0 OK",
        b"* 3 EXISTS", b"* OK [UIDVALIDITY 7]", b"* OK [UIDVALIDITY {1}]", b"* 1 FETCH (UID 5 BODY[] {4}",
        b"* 1 FETCH (UID 5 RFC822.SIZE 9)", b"* 1 FETCH (UID 0)", b"* BYE", b"* NO", b"*", b"+", b"+ go",
        b"* LIST () NIL {2}", b'* LIST (a) "/" "b', b"* SEARCH 1 x", b"+OK", b"-ERR", b"1 2", b"1", b".",
        b"220 hi", b"250-AUTH PLAIN", b"250 x", b"334 ", b"235 in", b"250", b"\xff\xfe",
    ]
)  # fmt: skip
ANSWER = st.tuples(
    st.lists(st.one_of(WORDS, st.binary(max_size=12)), max_size=3), st.integers(0, 9)
)
"""What is said to a command before its end, and of ten how many have one."""


USEFUL = {
    b" CAPABILITY": b"* CAPABILITY IMAP4rev1 UIDPLUS",
    b" LIST": b'* LIST () "/" INBOX',
    b" SELECT": b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x",
    b" FETCH": b"* 1 FETCH (UID 5 RFC822.SIZE 4)\r\n* 1 FETCH (UID 5 BODY[] {4}\r\nabcd)",
    b"LIST\r": b"+OK\r\n1 4\r\n.",
    b"UIDL\r": b"+OK\r\n1 x\r\n.",
    b"RETR": b"+OK\r\nabc\r\n.",
}
"""What leads further, by what is in a command."""
Answer = tuple[list[bytes], int]


def use_imap() -> None:
    with open_imap(SERVER) as session:
        session.list_mailboxes()
        selected = session.select("INBOX", writable=True)
        list(session.list_above(0, min(selected.exists, 9)))
        list(session.fetch([Listed(5, 4)]))
        session.delete([5])


def use_pop3() -> None:
    with open_pop3(SERVER) as session:
        list(session.fetch(session.list_all()))


def use_smtp() -> None:
    check_smtp(SERVER)


@pytest.mark.parametrize(
    ("use", "greeting", "end", "commands"),
    [
        (use_imap, b"* OK hello", b"TAG OK [READ-WRITE] done", 4),
        (use_pop3, b"+OK hello", b"+OK", 2),
        (use_smtp, b"220 hello", b"250-ok\r\n250 AUTH PLAIN", 1),
    ],
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(answers=st.lists(ANSWER, min_size=1, max_size=9), is_let_in=st.booleans())
def test_garbage_is_an_answer_or_a_failure(
    monkeypatch: pytest.MonkeyPatch,
    use: Callable[[], None],
    greeting: bytes,
    end: bytes,
    commands: int,
    answers: list[Answer],
    *,
    is_let_in: bool,
) -> None:
    ours, theirs = connected()
    monkeypatch.setattr(servers, "dial", lambda *_: ours)
    monkeypatch.setattr(servers, "is_listed", lambda _: True)
    good: list[Answer] = [([], 1)] * commands if is_let_in else []
    speaking = threading.Thread(target=speak, args=(theirs, greeting, end, [*good, *answers]))
    speaking.start()
    try:
        with contextlib.suppress(GroupwareError):
            use()
    finally:
        ours.close()
        speaking.join()


def connected() -> tuple[socket.socket, socket.socket]:
    """Return both ends of a connection on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        return ours, listener.accept()[0]


def speak(sock: socket.socket, greeting: bytes, end: bytes, answers: list[Answer]) -> None:
    """Say something to each command, and its end where it has one; then hang up."""
    with contextlib.suppress(OSError), sock, sock.makefile("rb") as file:
        sock.settimeout(0.05)  # who waits for more than there is finds the end of it
        sock.sendall(greeting + b"\r\n")
        for lines, tenths in answers:
            command = file.readline()
            if not command:
                return
            useful = [text for word, text in USEFUL.items() if word in command]
            said = [*useful, *lines, end.replace(b"TAG", command.partition(b" ")[0])]
            sock.sendall(b"".join(line + b"\r\n" for line in said[: None if tenths else -1]))
            if not tenths:
                return
