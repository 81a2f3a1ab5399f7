"""Flags by the names that the API has for them."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from rest_framework import serializers

from groupware.core import limits
from groupware.core.errors import NotAllowed
from groupware.rest.errors import WrongFields
from mail.api.showing import NAMES
from mail.flags import Actor
from mail.places import Place

_BITS: Final = {name: bit for bit, name in NAMES.items()}
_KEYWORD: Final = re.compile(r"[!#$&'+,./0-9:;<=>?@A-Z\[^_`a-z|}~-]{1,100}")
"""An atom of IMAP (RFC 3501 §9), which a keyword is."""


class FlagField(serializers.ListField):
    """A list of flags."""

    def __init__(self, **options: Any) -> None:
        super().__init__(child=serializers.CharField(max_length=100), max_length=200, **options)


class FlagsSerializer(serializers.Serializer[Any]):
    """What can be changed of a message."""

    flags = FlagField(
        help_text="Of `seen`, `answered`, `flagged`, `deleted`, `draft`, and keywords."
    )


def parse_names(names: Iterable[str], pointer: str) -> tuple[int, tuple[str, ...]]:
    """Return (mask, keywords) of names; raises `WrongFields` at what is none."""
    mask = 0
    keywords: dict[str, str] = {}
    for place, name in enumerate(names):
        if name.lower() in _BITS:
            mask |= _BITS[name.lower()]
        elif _KEYWORD.fullmatch(name):
            keywords.setdefault(name.lower(), name)
        else:
            raise WrongFields({f"{pointer}/{place}": "A keyword has letters, digits, $, _ and -."})
    if len(keywords) > limits.KEYWORDS.value:
        raise WrongFields({pointer: f"A message has at most {limits.KEYWORDS.value} keywords."})
    return mask, tuple(keywords[name] for name in sorted(keywords))


def require_settable(
    place: Place, actor: Actor, mask: int, keywords: Sequence[str], *, some: bool = False
) -> None:
    """Raise `NotAllowed` where none of the flags may be changed; with one that may, others stay.

    With `some`, these are what is added or removed; without, they take the place of all.
    """
    allowed = actor.mask & mask or (keywords and actor.keywords) if some else actor.mask
    if not allowed:
        raise NotAllowed(f"The rights to change these flags are not granted on {place.name}.")
