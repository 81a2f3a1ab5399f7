"""IMAP transcripts: their form, and how what came back is compared with them.

A transcript is what is sent and what must come back, in the protocol's own words:

    # a comment
    @login 1 anna                   session 1 is open and logged in (2, 3, … likewise)
    @open 2                         session 2 is connected, over TLS, and has had its greeting
    @plain 3                        session 3 likewise, without TLS
    @message hello                  the lines up to `@end` are the message `hello`
    @octets lf 0a                   <<lf>> is these octets, in hexadecimal
    @octets long 61 70000           likewise, so many times over
    @deliver anna INBOX hello \\Seen    the message is there, with flags
    @manage grant anna@team.example ben@team.example lr
                                    what `manage.py` does with these words has been done
    @submit anna hello              she has sent the message, to somebody elsewhere
    @index all                      what was delivered is in the search index from here on
    @tls 3                          the client's half of STARTTLS
    @deflate 1                      session 1 is compressed from here on (RFC 4978)
    @gone 2                         session 2 has been closed by the server
    @rising a b c                   the numbers captured as <<a>>, <<b>> and <<c>> ascend
    C: a NOOP                       session 1 sends (C2: session 2 sends)
    C+ a NOOP                       the same, but kept to be sent with what comes next
    S: a OK ...                     session 1 must be told this (S2: session 2)
    S: ...                          anything may come before what stands next

An `S` line that ends in a literal's `{n}` goes on with the next ones up to the literal's end.
In `C` and `S` lines `<<hello>>` is a message, `<<hello.size>>` its size, and any other `<<name>>`
in `S` is captured at first sight and must be the same from then on; `...` in `S` is any text.
Everything that comes must be in the transcript: nothing may be left over when a session speaks
again or the transcript ends.
"""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

LITERAL = re.compile(rb"\{([0-9]+)\}\r\n\Z")
_LINE = re.compile(r"(?P<kind>[CS])(?P<session>\d*)(?P<mark>[:+]) ?(?P<text>.*)")
_ANNOUNCED = re.compile(r"\{([0-9]+|<<[\w.-]+>>)\}\Z")
_NAME = re.compile(r"<<([\w.-]+)>>")


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a transcript."""

    number: int
    kind: str
    session: str
    text: str


@dataclass(slots=True)
class Script:
    """A transcript that has been read."""

    steps: list[Step]
    messages: dict[str, bytes]
    """Messages, and what else `@octets` names."""


@dataclass(slots=True)
class Names:
    """What `<<name>>` stands for."""

    messages: dict[str, bytes]
    captured: dict[str, bytes] = field(default_factory=dict)

    def find(self, name: str) -> bytes | None:
        """Return the octets behind a name, None for one that is yet to be captured."""
        if name in self.messages:
            return self.messages[name]
        message, _, what = name.partition(".")
        if what == "size" and message in self.messages:
            return b"%d" % len(self.messages[message])
        return self.captured.get(name)

    def fill(self, text: str) -> bytes:
        """Return what a client's line sends."""
        pieces = _NAME.split(text)
        filled = [pieces[0].encode()]
        for name, rest in zip(pieces[1::2], pieces[2::2], strict=True):
            value = self.find(name)
            assert value is not None, f"<<{name}>> was never captured"
            filled += (value, rest.encode())
        return b"".join(filled)

    def match(self, text: str, told: bytes) -> bool:
        """Tell whether the server's words are those of the line, and keep what it captures."""
        pattern = b""
        fresh: list[str] = []
        pieces = _NAME.split(text)
        for place, piece in enumerate(pieces):
            if place % 2 == 0:
                pattern += b".*".join(re.escape(part.encode()) for part in piece.split("..."))
            elif (value := self.find(piece)) is not None:
                pattern += re.escape(value)
            else:
                fresh.append(piece)
                pattern += rb"([^\s()\[\]]+)"
        found = re.fullmatch(pattern, told, re.DOTALL)
        if found is None:
            return False
        self.captured.update(zip(fresh, found.groups(), strict=True))
        return True


def read_script(path: Path) -> Script:
    """Read a transcript."""
    steps: list[Step] = []
    messages: dict[str, bytes] = {}
    message: str | None = None
    lines: list[str] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if message is not None:
            if line == "@end":
                messages[message] = "".join(f"{kept}\r\n" for kept in lines).encode()
                message, lines = None, []
            else:
                lines.append(line)
        elif line.startswith("@message "):
            message = line.split()[1]
        elif line.startswith("@octets "):
            name, octets, *times = line.split()[1:]
            messages[name] = bytes.fromhex(octets) * int(*times or "1")
        elif line.startswith("@"):
            name, _, text = line[1:].partition(" ")
            steps.append(Step(number, f"@{name}", text.split()[0], text))
        elif line and not line.startswith("#"):
            found = _LINE.fullmatch(line)
            assert found, f"{path.name}:{number}: no line of a transcript"
            kind = found["kind"] + ("+" if found["mark"] == "+" else "")
            steps.append(Step(number, kind, found["session"] or "1", found["text"]))
    return Script(_join_literals(steps), messages)


def _join_literals(steps: list[Step]) -> list[Step]:
    """Make one step of the lines of a response that holds literals."""
    joined: list[Step] = []
    waiting = list(reversed(steps))
    while waiting:
        step = waiting.pop()
        text = step.text
        while step.kind == "S" and (found := _ANNOUNCED.search(text)) is not None:
            size = int(found[1]) if found[1].isdigit() else 0
            following = waiting.pop().text
            while len(following.encode()) <= size:
                following += "\r\n" + waiting.pop().text
            text += "\r\n" + following
        joined.append(replace(step, text=text))
    return joined


def take_response(buffer: bytearray) -> bytes | None:
    """Take one whole response, its literals in it, without the last CRLF; None if none is whole."""
    place = 0
    while (end := buffer.find(b"\r\n", place)) >= 0:
        literal = LITERAL.search(bytes(buffer[place : end + 2]))
        if literal is None:
            response = bytes(buffer[:end])
            del buffer[: end + 2]
            return response
        place = end + 2 + int(literal[1])
        if place > len(buffer):
            return None
    return None
