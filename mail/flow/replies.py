"""What other servers say, and what it means for a recipient (RFC 5321 §4.2, RFC 3463). Pure."""

import re
from dataclasses import dataclass

MAX_TEXT = 400
"""Characters of a reply that are kept."""

_ENHANCED = re.compile(r"([245])\.([0-9]{1,3})\.([0-9]{1,3})(?:\s+|$)")


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply in one line: of a server, or with `code` 0 what this one found out itself.

    `status` is its enhanced status, from the code where the server gave none.
    """

    code: int
    status: str
    text: str

    @property
    def is_success(self) -> bool:
        """Tell whether it takes what was sent."""
        return self.status.startswith("2")

    @property
    def is_final(self) -> bool:
        """Tell whether trying again is no use."""
        return self.status.startswith("5")

    @property
    def diagnostic(self) -> str:
        """The value of a Diagnostic-Code (RFC 3464 §2.3.6), or nothing where no server spoke."""
        return f"smtp; {self.code} {self.text}" if self.code else ""


def read_reply(code: int, text: bytes) -> Reply:
    """Return a server's reply; its lines are joined, and hold nothing that is not printable."""
    lines = [line.strip() for line in text.decode("utf-8", "replace").splitlines()]
    shown = " ".join(lines)
    shown = "".join(char if char.isprintable() else "?" for char in shown)
    found = _ENHANCED.match(shown)
    digit = str(code)[:1] if 200 <= code < 600 and code // 100 != 3 else "4"
    # A status that contradicts its code is not believed (RFC 2034 §4).
    fits = found is not None and found[1] == digit
    status = f"{digit}.{found[2]}.{found[3]}" if found is not None and fits else f"{digit}.0.0"
    return Reply(code, status, shown[:MAX_TEXT])


def found_out(status: str, text: str) -> Reply:
    """Return what this server found out itself."""
    return Reply(0, status, text[:MAX_TEXT])


def soften(reply: Reply) -> Reply:
    """Return a reply as one that may be different later.

    For what is said of this server and not of a recipient: at the greeting, at HELO and at AUTH
    another server of the same domain may say something else, and an hour later so may this one.
    """
    if reply.status.startswith("4"):
        return reply
    return Reply(reply.code, f"4{reply.status[1:]}", reply.text)


class Unreachable(Exception):
    """No message could be handed over; the reply says why and is not about a recipient."""

    def __init__(self, reply: Reply, host: str = "") -> None:
        super().__init__(reply.text)
        self.reply = reply
        self.host = host
