from hypothesis import given
from hypothesis import strategies as st

from mail.flow.backoff import BACKOFF, SPREAD, next_attempt


def test_pauses_grow_and_the_last_one_repeats() -> None:
    pauses = [next_attempt(attempts, 0, 10**9, 0.5) for attempts in range(1, 12)]
    assert pauses == [*BACKOFF, *[BACKOFF[-1]] * 3]
    assert pauses == sorted(pauses)


def test_the_last_attempt_is_at_the_end_of_its_time() -> None:
    assert next_attempt(9, 1_000, 1_500, 0.0) == 1_500
    assert next_attempt(9, 1_600, 1_500, 0.0) == 1_601


@given(st.integers(0, 50), st.floats(0, 1))
def test_what_failed_together_comes_apart_within_bounds(attempts: int, chance: float) -> None:
    usual = next_attempt(attempts, 0, 10**9, 0.5)
    spread = next_attempt(attempts, 0, 10**9, chance)
    assert usual * (1 - SPREAD) - 1 <= spread <= usual * (1 + SPREAD) + 1
