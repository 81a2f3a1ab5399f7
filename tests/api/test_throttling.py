"""How often somebody may ask."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from groupware.core import limits
from groupware.core.models import Account
from groupware.environment import BASE_DIR
from groupware.rest import slots, throttling
from groupware.rest.errors import TooManyRequests
from groupware.rest.slots import WAYS, Slot, Slots
from groupware.rest.throttling import Buckets, Failures
from tests.api.speaking import Api, problem
from tests.conftest import SetLimit

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the time that the buckets go by, which a test may move."""
    now = [1000.0]
    for module in (throttling, slots):
        monkeypatch.setattr(module, "monotonic", lambda: now[0])
    return now


def test_an_account_asks_so_often_and_no_more(api: Api, bens: Api, set_limit: SetLimit) -> None:
    set_limit(limits.API_REQUESTS, 3)
    left = [api.get("/mailboxes")["RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    response = api.get("/mailboxes")
    problem(response, 429, "too-many-requests")
    assert 1 <= int(response["Retry-After"]) <= 20
    assert response["RateLimit-Limit"] == "3"
    assert bens.get("/mailboxes").status_code == 200


def test_a_network_that_guesses_has_to_wait(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.API_FAILURES, 2)
    for number in range(2):
        problem(Api(ann, f"Bearer wrong{number}").get("/mailboxes"), 401, "unauthenticated")
    problem(Api(ann).get("/mailboxes"), 429, "too-many-requests")
    problem(Api(None).get("/mailboxes"), 401, "unauthenticated")


def test_a_program_with_an_old_token_shuts_nobody_out(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.API_FAILURES, 2)
    for _ in range(5):
        problem(Api(ann, "Bearer old").get("/mailboxes"), 401, "unauthenticated")
    assert Api(ann).get("/mailboxes").status_code == 200


def test_wrong_credentials_are_remembered_in_bounds(
    set_limit: SetLimit, clock: list[float], own_data: Path
) -> None:
    set_limit(limits.API_FAILURES, 20)
    buckets = Buckets(limits.API_FAILURES, Slots("failures"), "wait")
    failures = Failures(buckets, Slots("wrong-credentials", sets=1))
    for number in range(WAYS + 1):
        clock[0] += 1e-6
        failures.note("192.0.2.1", f"{number}")
    assert buckets.take("192.0.2.1").remaining == 20 - WAYS - 2
    clock[0] += 1e-6
    failures.note("192.0.2.1", f"{WAYS}")
    assert buckets.take("192.0.2.1").remaining == 20 - WAYS - 3
    failures.note("192.0.2.1", "0")  # which was forgotten
    assert buckets.take("192.0.2.1").remaining == 20 - WAYS - 5


def test_a_bucket_fills_as_time_goes_by(
    set_limit: SetLimit, clock: list[float], own_data: Path
) -> None:
    set_limit(limits.API_REQUESTS, 60)
    buckets = Buckets(limits.API_REQUESTS, Slots("requests"), "wait")
    for _ in range(60):
        buckets.take("ann")
    with pytest.raises(TooManyRequests) as refusal:
        buckets.take("ann")
    assert refusal.value.headers["Retry-After"] == "1"
    assert refusal.value.headers["RateLimit-Reset"] == "60"
    clock[0] += 2
    assert buckets.take("ann").remaining == 1
    clock[0] += 1000
    assert buckets.take("ann").remaining == 59


def test_slots_are_bounded_and_the_longest_unused_goes(clock: list[float], own_data: Path) -> None:
    held = Slots("few", sets=1)

    def put(whose: str, left: float) -> None:
        clock[0] += 1
        held.change(whose, lambda _: (Slot(left, clock[0]), None))

    for number in range(WAYS):
        put(f"{number}", number)
    put("0", 100)
    put("new", 200)
    assert [slot and slot.left for slot in map(held.find, ("0", "1", "2", "new"))] == [
        100, None, 2, 200,
    ]  # fmt: skip


def test_what_a_start_of_the_machine_left_behind_says_nothing(
    set_limit: SetLimit, clock: list[float], own_data: Path
) -> None:
    set_limit(limits.API_REQUESTS, 10)
    buckets = Buckets(limits.API_REQUESTS, Slots("requests"), "wait")
    for _ in range(10):
        buckets.take("ann")
    clock[0] = 5.0
    assert buckets.take("ann").remaining == 9


def test_a_slot_that_was_damaged_is_as_a_new_one(
    set_limit: SetLimit, clock: list[float], own_data: Path
) -> None:
    set_limit(limits.API_REQUESTS, 10)
    held = Slots("requests")
    for left in (float("nan"), float("inf"), -1e300, 1e300):
        held.change("ann", lambda _, left=left: (Slot(left, clock[0]), None))  # type: ignore[misc]
        clock[0] += 60
        assert Buckets(limits.API_REQUESTS, held, "wait").take("ann").remaining == 9


def test_processes_count_together(own_data: Path, set_limit: SetLimit) -> None:
    set_limit(limits.API_REQUESTS, 1_000)
    buckets = Buckets(limits.API_REQUESTS, Slots("requests"), "wait")
    script = (
        "import django; django.setup()\n"
        "from groupware.core import limits\n"
        "from groupware.rest.slots import Slot, Slots\n"
        "held = Slots('requests')\n"
        "for _ in range(200): held.change('ann', lambda slot: (Slot(slot.left - 1, slot.at), 0))\n"
    )
    variables = {"GROUPWARE_DATA": str(own_data), "DJANGO_SETTINGS_MODULE": "groupware.settings"}
    began = buckets.take("ann").remaining
    children = [
        subprocess.Popen([sys.executable, "-c", script], cwd=BASE_DIR, env=os.environ | variables)
        for _ in range(3)
    ]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    slot = Slots("requests").find("ann")
    assert slot is not None
    assert began - slot.left == pytest.approx(600, abs=1)


def test_where_the_disk_has_no_room_each_process_counts_alone(
    own_data: Path, set_limit: SetLimit
) -> None:
    set_limit(limits.API_REQUESTS, 10)
    (own_data / "run").write_text("no directory")
    buckets = Buckets(limits.API_REQUESTS, Slots("requests"), "wait")
    assert [buckets.take("ann").remaining for _ in range(2)] == [9, 8]
