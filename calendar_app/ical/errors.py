"""Why an object is refused."""

from __future__ import annotations

__all__ = ["InvalidObject"]


class InvalidObject(ValueError):
    """Data that cannot be a calendar object.

    `precondition` is the local name of the element that says so in CalDAV (RFC 4791 §5.3.2.1,
    RFC 7529 §4.3); `text` says what is wrong and what to do.
    """

    def __init__(self, precondition: str, text: str) -> None:
        super().__init__(text)
        self.precondition = precondition
        self.text = text
