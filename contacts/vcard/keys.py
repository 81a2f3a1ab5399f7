"""The forms in which mail addresses, phone numbers and names of cards are compared. Pure."""

import re
import unicodedata

from mail.mime.text import fold_search

_EXTENSION = re.compile(r"(?:x|ext|;).*", re.IGNORECASE | re.DOTALL)
_NO_DIGIT = re.compile(r"\D+", re.ASCII)
_WORDS = re.compile(r"\w+")
_ALIKE_DIGITS = 9
_FEWEST_DIGITS = 7


def mail_key(address: str) -> str:
    """Return an address as it is compared: without case and blanks around it."""
    return fold_search(address.strip())


def phone_key(number: str) -> str:
    """Return the digits of a number, behind `+` where it begins with that or 00."""
    bare = _EXTENSION.sub("", number.strip())
    digits = _NO_DIGIT.sub("", bare)
    if bare.startswith("+"):
        return f"+{digits}"
    return f"+{digits[2:]}" if digits.startswith("00") else digits


def alike_phone(number: str) -> str:
    """Return what numbers share that may be the same: their last digits, "" for a short one.

    A number is written with and without the code of its country; nine digits tell two apart.
    """
    digits = phone_key(number).lstrip("+")
    return digits[-_ALIKE_DIGITS:] if len(digits) >= _FEWEST_DIGITS else ""


def same_phone(number: str) -> str:
    """Return what numbers of one person share that are the same; an extension makes another."""
    if _EXTENSION.search(number):
        return fold_search(number)
    return alike_phone(number) or phone_key(number) or number


def name_key(name: str) -> str:
    """Return what names share that may be the same: their words, whatever order and accents."""
    bare = "".join(char for char in fold_search(name) if not unicodedata.combining(char))
    return " ".join(sorted(_WORDS.findall(bare)))
