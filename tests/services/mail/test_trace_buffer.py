"""What a process holds of the trace is bounded and written together, and what is lost is said."""

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from structlog.testing import capture_logs

from groupware.core import db, limits, metrics
from groupware.core.clock import epoch
from groupware.core.errors import Busy
from groupware.core.flushing import Flusher
from groupware.core.models import Account
from mail.models import TraceEntry, TrafficHour
from mail.services import trace
from mail.services.trace import Note, Step, TraceFilter, buffer, storing
from tests.conftest import SetLimit
from tests.serve.running import wait_for
from tests.services.mail.taking import deliver
from tests.services.store import create, message

pytestmark = pytest.mark.django_db(transaction=True)
BOSS = "boss@outside.test"


@pytest.fixture(autouse=True)
def traced() -> Iterator[None]:
    with trace.kept():
        yield


def note(number: int, step: Step = Step.DELIVERED, **fields: Any) -> None:
    trace.note(Note(step, sender=BOSS, recipient=f"{number}@example.test", **fields))


def lost() -> float:
    value: float = metrics.TRACE_LOST._value.get()
    return value


def test_nothing_is_written_before_it_is_time(ann: Account) -> None:
    deliver(ann.login)
    assert not TraceEntry.objects.exists()
    assert trace.flush()
    assert [found.step for found in trace.search(TraceFilter())] == ["delivered", "received"]


def test_many_are_written_by_few_statements(ann: Account) -> None:
    for number in range(100):
        note(number, account_id=ann.pk, place=ann.login)
    with CaptureQueriesContext(connection) as asked:
        assert trace.flush()
    assert len(asked) <= 10
    assert TraceEntry.objects.filter(domain_id=ann.domain_id).count() == 100


def test_mail_waits_for_no_more_than_a_batch(ann: Account) -> None:
    for number in range(2 * buffer.BATCH + 1):
        note(number, account_id=ann.pk, place=ann.login)
    before = db.count_commits()
    assert trace.flush()
    assert db.count_commits() - before == 3
    assert TraceEntry.objects.count() == 2 * buffer.BATCH + 1


def test_what_does_not_fit_is_lost_counted_and_said(db: None, set_limit: SetLimit) -> None:
    set_limit(limits.TRACE_BUFFER, 10)
    before = lost()
    for number in range(13):
        note(number)
    assert lost() - before == 3
    with capture_logs() as logs:
        assert trace.flush()
        assert trace.flush()
    [line] = logs
    assert (line["lost"], line["log_level"]) == (3, "warning")
    assert "GROUPWARE_TRACE_BUFFER" in line["event"]
    assert TraceEntry.objects.count() == 10
    note(14)
    assert trace.flush()
    assert TraceEntry.objects.count() == 11


def test_refusals_beyond_some_of_a_minute_are_counted_alone(
    ann: Account, set_limit: SetLimit
) -> None:
    set_limit(limits.TRACE_REFUSALS, 5)
    for number in range(30):
        note(number, Step.REFUSED, place="x@example.test")
    note(0, Step.REFUSED, account_id=ann.pk)
    assert trace.flush()
    assert TraceEntry.objects.count() == 5
    hours = TrafficHour.objects.filter(domain_id=ann.domain_id)
    assert dict(hours.values_list("direction", "failed")) == {"in": 30, "out": 1}


def test_what_the_database_does_not_take_is_written_later_in_order(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise Busy("The server is busy.")

    for number in range(3):
        note(number)
    with monkeypatch.context() as patched, capture_logs() as logs:
        patched.setattr(storing, "write", refuse)
        assert not trace.flush()
    assert [line["event"] for line in logs] == ["the trace waits for the database"]
    note(3)
    assert trace.flush()
    written = TraceEntry.objects.order_by("id").values_list("recipient", flat=True)
    assert list(written) == [f"{number}@example.test" for number in range(4)]
    total = TrafficHour.objects.get()
    assert total.messages == 4


def test_strange_text_is_kept_as_far_as_databases_take_it(db: None) -> None:
    trace.note(
        Note(
            Step.REFUSED,
            sender="a\0\udc80\r\n" + "x" * 2_000,
            recipient="ü@bücher.test",
            message_id="m" * 3_000,
            detail="\x1b[31m" + "y" * 2_000,
        )
    )
    assert trace.flush()
    found = TraceEntry.objects.get()
    assert found.sender.startswith("a    x")
    assert (len(found.sender), len(found.message_id), len(found.detail)) == (320, 255, 500)
    assert found.recipient == "ü@bücher.test"
    assert "\x1b" not in found.detail


def test_old_entries_and_hours_go_and_others_stay(
    ann: Account, set_limit: SetLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(ann.login, data=message())
    assert trace.flush()
    assert trace.forget() == 0
    TraceEntry.objects.filter(step="received").update(moment=(epoch() - 22 * 86_400) * 1_000_000)
    TrafficHour.objects.update(hour=(epoch() - 399 * 86_400) // 3600)
    assert trace.forget() == 1
    assert [found.step for found in trace.search(TraceFilter())] == ["delivered"]
    set_limit(limits.TRAFFIC_KEEP, 398)
    set_limit(limits.TRACE_KEEP, 30)
    assert trace.forget() == 1
    assert (TraceEntry.objects.count(), TrafficHour.objects.count()) == (1, 0)


def test_the_flusher_writes_by_itself_and_its_end_the_rest(db: None) -> None:
    trace.begin()
    flusher = Flusher()
    try:
        note(1)
        wait_for(TraceEntry.objects.exists, "the thread to write")
        assert "trace" not in {thread.name for thread in threading.enumerate()}
        note(2)
    finally:
        flusher.close()
    assert TraceEntry.objects.count() == 2
    trace.end()
    note(3)
    assert trace.flush()
    assert TraceEntry.objects.count() == 2


def test_commands_that_run_at_once_keep_the_trace_until_the_last_ends(db: None) -> None:
    trace.end()  # what the test keeps
    first, second = trace.kept(), trace.kept()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    note(1)
    second.__exit__(None, None, None)
    assert TraceEntry.objects.count() == 1
    note(2)
    assert trace.flush()
    assert TraceEntry.objects.count() == 1


def test_a_child_writes_nothing_that_its_parent_noted(db: None) -> None:
    note(1)
    pid = os.fork()
    if pid == 0:
        os._exit(0 if not buffer._buffer._held else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert trace.flush()
    assert TraceEntry.objects.count() == 1


def test_an_account_that_is_gone_leaves_its_steps(ann: Account) -> None:
    zoe = create("zoe@example.test")
    note(1, account_id=zoe.pk, place="zoe@example.test")
    zoe.delete()
    assert trace.flush()
    assert TraceEntry.objects.get().domain_id == ann.domain_id
