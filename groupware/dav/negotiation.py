"""Which version of a card a client asks for by Accept (RFC 9110 §12.5.1, RFC 6352 §5.1). Pure."""

from collections.abc import Iterator
from typing import Final

VERSIONS: Final = ("3.0", "4.0")
_ANY: Final = ("text/vcard", "text/*", "*/*")
_MOST: Final = 50
"""Media ranges that are looked at; a longer list is a mistake or worse."""


def wanted_version(accept: str) -> str:
    """Return 3.0 or 4.0 where the client prefers it to the card as it is; "" for as it is."""
    best = dict.fromkeys(("", *VERSIONS), 0.0)
    for media_type, parameters in _ranges(accept):
        version = parameters.get("version", "")
        if media_type in _ANY and version in best:
            best[version] = max(best[version], _quality(parameters.get("q", "1")))
    # Who takes both takes what there is, since nothing converted is better than it.
    if best[""] or best["3.0"] == best["4.0"]:
        return ""
    return max(VERSIONS, key=lambda version: best[version])


def _ranges(accept: str) -> Iterator[tuple[str, dict[str, str]]]:
    for text in accept.split(",")[:_MOST]:
        media_type, *parts = (part.strip().lower() for part in text.split(";"))
        pairs = (part.partition("=") for part in parts)
        yield media_type, {name.strip(): value.strip().strip('"') for name, _, value in pairs}


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
