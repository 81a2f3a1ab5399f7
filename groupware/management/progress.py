"""How far a long command is: a bar on a terminal, nothing elsewhere."""

from typing import Self

from django.core.management.base import OutputWrapper

from groupware.core.clock import monotonic

SECONDS = 0.2
"""Between two drawings: a terminal far away must not slow the work down."""
WIDTH = 30


class Progress:
    """A line of the terminal that is written over, and clear when the block is left.

    Progress is no answer: it goes to stderr, in no colour.
    """

    def __init__(self, stream: OutputWrapper) -> None:
        self._stream = stream
        self._shown = bool(stream.isatty())
        self._told_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.clear()

    def tell(self, what: str, done: int, total: int) -> None:
        """Show that `done` of `total` is done, unless something was shown just now."""
        self.show(f"{what}: {done} of {total}", done / total if total else 1.0)

    def show(self, text: str, share: float) -> None:
        """Show a bar of which a share is filled, and a text, unless that was done just now."""
        if self._shown and monotonic() - self._told_at > SECONDS:
            self._told_at = monotonic()
            self._write(f"{_bar(min(1.0, share))} {text}")

    def clear(self) -> None:
        """Leave the line empty, for something else to be written."""
        if self._told_at:
            self._write("")
            self._told_at = 0.0

    def _write(self, text: str) -> None:
        self._stream.write(f"\r\x1b[K{text}", style_func=str, ending="")
        self._stream.flush()


def _bar(share: float) -> str:
    filled = int(share * WIDTH)
    return f"[{'#' * filled}{'.' * (WIDTH - filled)}] {share:4.0%}"
