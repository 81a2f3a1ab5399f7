"""Every limit has a name, a default, a setting and a test."""

from groupware.core import limits
from groupware.core.limits import LIMITS
from groupware.environment import BASE_DIR


def test_no_limit_is_left_without_a_test_that_moves_it() -> None:
    tests = "".join(path.read_text("utf-8") for path in (BASE_DIR / "tests").rglob("test_*.py"))
    names = {id(held): name for name, held in vars(limits).items()}
    assert [name for held in LIMITS if f"limits.{(name := names[id(held)])}" not in tests] == []
