"""SASLprep (RFC 4013): one form of an identifier, however it was typed. Pure."""

import stringprep
from unicodedata import ucd_3_2_0

_PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
    stringprep.in_table_a1,
)


def prepare_identifier(text: str) -> str:
    """Return the text as it is compared; raises ValueError where it cannot be, or is empty."""
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char
        for char in text
        if not stringprep.in_table_b1(char)
    )
    prepared = ucd_3_2_0.normalize("NFKC", mapped)
    if not prepared:
        raise ValueError("An identifier is not empty.")
    if any(is_prohibited(char) for char in prepared for is_prohibited in _PROHIBITED):
        raise ValueError("An identifier has no control, private or unassigned characters.")
    if any(map(stringprep.in_table_d1, prepared)):
        _check_direction(prepared)
    return prepared


def _check_direction(text: str) -> None:
    """Hold text that is written from the right to RFC 3454 §6."""
    ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    if not ends or any(map(stringprep.in_table_d2, text)):
        raise ValueError("An identifier is written in one direction.")
