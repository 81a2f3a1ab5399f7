"""Sentences for people: English by themselves, and another language where a page asks for it.

Pure. Who looks the other language up is `groupware.core.languages`; every protocol, command and log
writes the sentence as it is.
"""

from typing import Self


class Sentence(str):
    """A text that still knows the template it was made of, and what was put into it."""

    __slots__ = ("template", "values")
    template: str
    values: dict[str, object]

    def __new__(cls, template: str, **values: object) -> Self:
        """Fill in the places of the template; without values it is taken as it stands."""
        if isinstance(template, cls) and not values:
            return template
        made = super().__new__(cls, template.format(**values) if values else template)
        made.template, made.values = str(template), values
        return made
