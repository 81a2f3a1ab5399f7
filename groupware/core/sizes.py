"""Sizes as people read and write them. Pure."""

import re

_SIZE = re.compile(r"([0-9]{1,18}(?:[.,][0-9]{1,2})?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_UNITS = ((1 << 40, "T"), (1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K"))


def octets(number: int) -> str:
    """Return a size as it can be typed (`5G`), rounded to one decimal where it is not whole."""
    for factor, unit in _UNITS:
        if number >= factor:
            whole, rest = divmod(number, factor)
            return f"{whole}{unit}" if rest == 0 else f"{number / factor:.1f}{unit}"
    return str(number)


def exact_octets(number: int) -> str:
    """Return a size that `parse_octets` reads as the same number: `5G`, or all its digits."""
    for factor, unit in _UNITS:
        if number and number % factor == 0:
            return f"{number // factor}{unit}"
    return str(number)


def parse_octets(text: str) -> int:
    """Read a size as people write it: `10 GB`, `500M`, `1,5 G`; raises ValueError."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no size")
    factor = {unit: factor for factor, unit in _UNITS}.get(found[2].upper(), 1)
    if found[1].isdigit():
        return int(found[1]) * factor
    return int(float(found[1].replace(",", ".")) * factor)
