"""What the tour shows: a complaint, what the server promises, and each proof with its figure."""

import os
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from groupware.core.clock import monotonic

WIDTH = 78
GREEN, RED, BOLD, FAINT, PLAIN = "\033[32m", "\033[31m", "\033[1m", "\033[2m", "\033[0m"


class Report:
    """Writes to `stream`, in colours where it is a terminal, and counts what does not hold."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._in_colour = stream.isatty() and "NO_COLOR" not in os.environ
        self.broken = 0
        self.held = 0

    def line(self, text: str = "") -> None:
        """Write one line."""
        self._stream.write(f"{text}\n")
        self._stream.flush()

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Say what takes a while, and how long it took."""
        self._stream.write(self._in(FAINT, f"{text} … "))
        self._stream.flush()
        began = monotonic()
        try:
            yield
        finally:
            self.line(self._in(FAINT, f"{monotonic() - began:.1f} s"))

    def complaint(self, text: str, promise: str) -> None:
        """Begin a promise."""
        self.line()
        self.line(self._in(BOLD, text))
        self.line(textwrap.fill(promise, WIDTH))

    def holds(self, text: str, is_so: object, figure: str = "") -> None:
        """Write one proof; `is_so` tells whether it holds."""
        mark = self._in(GREEN, "✓") if is_so else self._in(RED, "✗ NOT SO:")
        self.held += bool(is_so)
        self.broken += not is_so
        lines = textwrap.wrap(text, WIDTH - 6)
        self.line(f"  {mark} {lines[0]}")
        for line in lines[1:]:
            self.line(f"    {line}")
        if figure:
            self.line(f"      {self._in(BOLD, figure)}")

    def note(self, text: str) -> None:
        """Write something that is no proof."""
        self.line(self._in(FAINT, textwrap.indent(textwrap.fill(text, WIDTH - 4), "    ")))

    def _in(self, style: str, text: str) -> str:
        return f"{style}{text}{PLAIN}" if self._in_colour else text
