"""What a POP3 server of a test's own holds."""

from collections.abc import Callable


def letters(number: int) -> list[bytes]:
    """Return so many messages, which are the same each time."""
    return [letter(n) for n in range(number)]


def letter(number: int, body: bytes = b"", size: int = 0) -> bytes:
    """Return a message that is always the same for its number."""
    head = (
        f"Received: from a by b; Mon, 02 Nov 2026 10:{number % 60:02}:00 +0100\r\n"
        f"From: sender@outside.test\r\nTo: ann@old.test\r\nSubject: Letter {number}\r\n"
        f"Message-ID: <{number}@outside.test>\r\nDate: Mon, 02 Nov 2026 10:00:00 +0100\r\n\r\n"
        f"Number {number}.\r\n"
    ).encode() + body
    return head + b"x" * max(0, size - len(head) - 2) + (b"\r\n" if size else b"")


def maildrop(*messages: tuple[str, bytes]) -> Callable[[bytes], bytes]:
    """Return the answers of a server that has these messages under these unique-ids."""

    def answer(line: bytes) -> bytes:
        word, _, number = line.partition(b" ")
        if word in {b"LIST", b"UIDL"}:
            rows = [
                f"{n} {uidl if word == b'UIDL' else len(data)}\r\n"
                for n, (uidl, data) in enumerate(messages, 1)
            ]
            return b"+OK\r\n" + "".join(rows).encode() + b".\r\n"
        if word == b"RETR":
            data = messages[int(number) - 1][1]
            return b"+OK\r\n" + data.replace(b"\r\n.", b"\r\n..") + b".\r\n"
        return b"+OK\r\n"

    return answer
