from itertools import pairwise

import pytest

from groupware.core import limits
from groupware.core.limit import Limit, Unit
from groupware.core.limits import LIMITS
from groupware.environment import SettingsError, read_environment

SIZE = Limit("MAX_THING", 1 << 20, Unit.OCTETS, "a thing", lowest=1024, highest=1 << 30)
COUNT = Limit("MAX_THINGS", 10, Unit.COUNT, "things")


@pytest.mark.parametrize(
    ("limit", "text", "expected"),
    [
        (SIZE, "2048", 2048),
        (SIZE, "64K", 65_536),
        (SIZE, "1m", 1 << 20),
        (SIZE, "1G", 1 << 30),
        (COUNT, "1", 1),
    ],
)
def test_a_value_is_a_number_and_of_octets_also_with_a_letter(
    limit: Limit, text: str, expected: int
) -> None:
    assert limit.parse(text) == expected


@pytest.mark.parametrize(
    ("limit", "text", "part"),
    [
        (SIZE, "much", "a whole number such as 64K"),
        (SIZE, "1.5G", "a whole number"),
        (SIZE, "-1", "a whole number"),
        (SIZE, "1000", "at least 1024 and at most 1073741824"),
        (SIZE, "2G", "at most 1073741824"),
        (COUNT, "1K", "a whole number"),
        (COUNT, "0", "at least 1"),
        (COUNT, "1" * 16, "a whole number"),
    ],
)
def test_a_wrong_value_says_what_was_expected(limit: Limit, text: str, part: str) -> None:
    with pytest.raises(ValueError, match=part):
        limit.parse(text)


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.name)
def test_every_limit_is_a_variable_of_its_name(limit: Limit) -> None:
    assert read_environment({}).limits[limit.name] == limit.default
    moved = limit.default + 1
    environ = {f"GROUPWARE_{limit.name}": str(moved)}
    assert read_environment(environ).limits[limit.name] == moved
    with pytest.raises(SettingsError, match=f"GROUPWARE_{limit.name}"):
        read_environment({f"GROUPWARE_{limit.name}": "none"})


def test_limits_have_names_of_their_own_and_defaults_within_their_bounds() -> None:
    names = sorted(limit.name for limit in LIMITS)
    assert all(name != other for name, other in pairwise(names))
    assert all(limit.lowest <= limit.default <= limit.highest for limit in LIMITS)
    assert limits.MESSAGE_SIZE in LIMITS
