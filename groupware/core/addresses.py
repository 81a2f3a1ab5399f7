"""The form of addresses and domain names (RFC 5321 §4.1.2, RFC 5890). Pure."""

import re

from groupware.core.sentences import Sentence

MAX_LOCAL_PART = 64
MAX_DOMAIN = 253

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)\Z")
_LOCAL_PART = re.compile(r"[^\s\x00-\x20\x7f@\"(),:;<>\[\]\\\ud800-\udfff]+\Z")


class BadAddress(ValueError):
    """Not an address that this server can have; the text says why."""

    def __init__(self, template: str, **values: object) -> None:
        self.sentence = Sentence(template, **values)
        super().__init__(self.sentence)


def parse_domain(text: str) -> str:
    """Return the domain name in lower case with A-labels; raises `BadAddress`."""
    name = text.strip().rstrip(".").lower()
    try:
        name = name.encode("idna").decode() if not name.isascii() else name
    except UnicodeError as error:
        raise BadAddress("{text!r} is not a domain name.", text=text) from error
    if not name or len(name) > MAX_DOMAIN or not all(map(_LABEL.match, name.split("."))):
        raise BadAddress("{text!r} is not a domain name.", text=text)
    return name


def parse_address(text: str) -> tuple[str, str]:
    """Return (local part, domain) in lower case; raises `BadAddress`."""
    local_part, at, domain = text.strip().rpartition("@")
    if not at:
        raise BadAddress("{text!r} is not an address: write name@domain.", text=text)
    local_part = local_part.lower()
    if len(local_part.encode("utf-8", "replace")) > MAX_LOCAL_PART:
        raise BadAddress("The part before @ has at most {most} octets.", most=MAX_LOCAL_PART)
    if not _LOCAL_PART.match(local_part) or ".." in f".{local_part}.":
        raise BadAddress("{text!r} is not an address: write name@domain.", text=text)
    return local_part, parse_domain(domain)


def detail_of(local_part: str) -> tuple[str, str]:
    """Cut `user+detail` (RFC 5233) into (user, detail); detail is empty without a plus."""
    user, _, detail = local_part.partition("+")
    return (user, detail) if user else (local_part, "")
