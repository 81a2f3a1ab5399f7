"""Waking those who wait for work of a kind."""

from pathlib import Path

import pytest

from groupware.core.wakeups import Listener, wake

pytestmark = pytest.mark.usefixtures("own_data")


def test_everybody_who_waits_for_a_kind_is_woken(own_data: Path) -> None:
    first, second, other = Listener("queue"), Listener("queue"), Listener("else")
    try:
        wake("queue")
        wake("queue", "retry")
        assert first.wait(5) == second.wait(5) == {"", "retry"}
        assert other.wait(0) == set()
        assert first.wait(0) == set()
    finally:
        for listener in (first, second, other):
            listener.close()
    assert list((own_data / "run" / "wake" / "queue").iterdir()) == []


def test_nobody_who_waits_is_no_fault(own_data: Path) -> None:
    wake("queue")
    Listener("queue").close()
    wake("queue")


def test_what_a_dead_process_left_is_taken_away(own_data: Path) -> None:
    listener = Listener("queue")
    listener._socket.close()
    [left] = (own_data / "run" / "wake" / "queue").iterdir()
    wake("queue")
    assert not left.exists()
