"""What is wrong with a form."""

from __future__ import annotations


class BadField(ValueError):
    """A value cannot be taken; `field` names it, the text says why and what to do."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field
        self.text = text
