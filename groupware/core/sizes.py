"""Sizes as people read them. Pure."""

_UNITS = ((1 << 40, "T"), (1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K"))


def octets(number: int) -> str:
    """Return a size as it can be typed (`5G`), rounded to one decimal where it is not whole."""
    for factor, unit in _UNITS:
        if number >= factor:
            whole, rest = divmod(number, factor)
            return f"{whole}{unit}" if rest == 0 else f"{number / factor:.1f}{unit}"
    return str(number)
