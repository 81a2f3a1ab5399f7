"""Health of the parts: bounded in time whatever hangs, since when it is so, and what is said of each."""

import datetime
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import DatabaseError
from django.utils import translation
from pytest_django.fixtures import Settings

from groupware import parts as whole
from groupware.core import blobs, limits
from groupware.core.clock import epoch, monotonic, now
from groupware.core.health import Outcome, Part, State, kernel, looking
from groupware.core.health.looking import Registry
from groupware.core.health.ports import Port
from groupware.core.keys import replace_private_file
from groupware.core.tls import certificate_files, ensure_certificate
from mail import health as mail_health
from mail.models import QueuedRecipient
from mail.services import adminnotices
from tests.conftest import SetLimit
from tests.services.conftest import ann, domain, own_data
from tests.services.mail.outbound.queueing import queued, to

__all__ = ["ann", "domain", "own_data"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data")]

OK = Outcome(State.OK)


def part(name: str, look: object, **values: object) -> Part:
    return Part(name, name.title(), look, 1, **values)  # type: ignore[arg-type]


def states_of(registry: Registry) -> dict[str, State]:
    return {held.part.name: held.state for held in registry.look(registry.parts(), kept=-1)}


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """Return what lets everything go on that hangs, at the end at the latest."""
    event = threading.Event()
    yield event
    event.set()


def test_what_hangs_keeps_nobody_waiting_and_costs_one_thread(
    released: threading.Event, set_limit: SetLimit
) -> None:
    set_limit(limits.HEALTH_TIMEOUT, 100)
    looked: list[str] = []

    def hang(_seconds: float) -> Outcome:
        looked.append("hanging")
        released.wait(30)
        return OK

    registry = Registry()
    registry.register(*[part(f"good{number}", lambda _: OK) for number in range(5)])
    registry.register(part("hanging", hang), part("behind", lambda _: OK, lane="hanging"))
    began = monotonic()
    for _ in range(3):
        states = states_of(registry)
    assert monotonic() - began < 5
    assert states["hanging"] is State.SLOW
    assert {state for name, state in states.items() if name.startswith("good")} == {State.OK}
    assert looked == ["hanging"]


def test_what_is_slow_for_long_has_failed_since_it_became_slow(
    released: threading.Event, set_limit: SetLimit, settings: Settings
) -> None:
    set_limit(limits.HEALTH_TIMEOUT, 50)
    registry = Registry()

    def hang(_seconds: float) -> Outcome:
        released.wait(30)
        return OK

    registry.register(part("hanging", hang))
    assert states_of(registry) == {"hanging": State.SLOW}
    path = settings.GROUPWARE_DATA / "run" / "health" / "hanging"
    since = epoch() - looking.HANGS_SECONDS
    os.utime(path, (since, since))
    for _ in range(2):
        [held] = registry.look(registry.parts(), kept=-1)
        assert (held.state, held.since) == (State.FAILED, since)
    released.set()
    registry._lanes["hanging"].wait(10)
    assert states_of(registry) == {"hanging": State.OK}


def test_all_processes_know_since_when_it_is_so(settings: Settings) -> None:
    outcome = OK
    one, other = Registry(), Registry()
    for registry in (one, other):
        registry.register(part("door", lambda _: outcome))
    assert states_of(one) == {"door": State.OK}
    path = settings.GROUPWARE_DATA / "run" / "health" / "door"
    os.utime(path, (1_000, 1_000))
    [held] = other.look(other.parts(), kept=-1)
    assert held.since == 1_000
    outcome = Outcome(State.FAILED, "shut")
    [held] = other.look(other.parts(), kept=-1)
    assert held.since > 1_000
    [again] = one.look(one.parts(), kept=-1)
    assert (again.state, again.since) == (State.FAILED, held.since)


def test_a_look_is_kept_for_a_moment() -> None:
    looked: list[float] = []
    registry = Registry()

    def look(seconds: float) -> Outcome:
        looked.append(seconds)
        return OK

    registry.register(part("door", look))
    for _ in range(3):
        registry.look(registry.parts())
    assert len(looked) == 1
    registry.forget()
    registry.look(registry.parts())
    assert len(looked) == 2


def test_a_part_that_breaks_has_failed_and_the_others_have_not() -> None:
    def explode(_seconds: float) -> Outcome:
        raise RuntimeError("a secret")

    registry = Registry()
    registry.register(part("broken", explode), part("good", lambda _: OK, lane="broken"))
    broken, good = sorted(registry.look(registry.parts()), key=lambda held: held.part.name)
    assert broken.state is State.FAILED
    assert "RuntimeError" in broken.outcome.text
    assert "a secret" not in broken.outcome.text
    assert good.state is State.OK


@contextmanager
def listening(greeting: bytes | None) -> Iterator[int]:
    """Listen, and greet one client; with None say nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(greeting or b"")

        thread = threading.Thread(target=greet)
        if greeting is not None:
            thread.start()
        yield server.getsockname()[1]
        if greeting is not None:
            thread.join(10)


def test_a_port_works_that_greets_and_one_that_is_silent_is_late(settings: Settings) -> None:
    port = Port("IMAP", "imap", "IMAP", "", 1)

    def look(number: int) -> Outcome:
        settings.GROUPWARE_PORTS = dict(settings.GROUPWARE_PORTS) | {"IMAP": number}
        return port.look(0.2)

    with listening(b"* OK\r\n") as number:
        assert look(number) == OK
    with listening(b"") as number:
        assert look(number).state is State.FAILED
    with listening(None) as number, pytest.raises(TimeoutError):
        look(number)
    assert look(0).state is State.OFF
    dead = look(1)
    assert dead.state is State.FAILED
    assert "port 1: the process of imap" in dead.text
    with translation.override("it"):
        assert "sulla porta 1: il processo di imap" in str(dead.text)


def test_the_database_and_its_blobs_are_said_to_be_away_without_their_words() -> None:
    from django.db import connection

    def refuse(*_arguments: object) -> object:
        raise DatabaseError("password of the database")

    assert kernel.look_at_database(1).state is State.OK
    with connection.execute_wrapper(refuse):
        found = kernel.look_at_database(1)
    assert found.state is State.FAILED
    assert "GROUPWARE_DATABASE_URL" in found.text
    assert "password of the database" not in found.text


def test_the_disk_is_told_before_its_reserve_and_below_it(set_limit: SetLimit) -> None:
    set_limit(limits.DISK_RESERVE, 0)
    set_limit(limits.NOTICE_DISK, 0)
    assert kernel.look_at_disks(1).state is State.OK
    set_limit(limits.NOTICE_DISK, 100)
    assert kernel.look_at_disks(1).state is State.ATTENTION
    set_limit(limits.DISK_RESERVE, max(disk.total for disk in blobs.measure_disks()) + 1)
    assert kernel.look_at_disks(1).state is State.FAILED


def test_the_certificate_is_told_before_it_ends(
    settings: Settings, set_limit: SetLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.GROUPWARE_TLS_CERT = None
    assert kernel.look_at_certificate(1).state is State.FAILED
    ensure_certificate(settings.GROUPWARE_DATA, ["example.test"])
    cert = certificate_files()[0]
    found = kernel.look_at_certificate(1)
    assert (found.state, "valid until" in found.text) == (State.OK, True)
    set_limit(limits.NOTICE_CERTIFICATE, 900)
    assert kernel.look_at_certificate(1).state is State.ATTENTION
    later = now() + datetime.timedelta(days=1_000)
    monkeypatch.setattr(kernel, "now", lambda: later)
    assert kernel.look_at_certificate(1).state is State.FAILED
    replace_private_file(cert, b"no certificate")
    assert "There is no certificate" in kernel.look_at_certificate(1).text


def test_whoever_works_off_duties_is_seen_by_his_beat(settings: Settings) -> None:
    assert kernel.look_at_worker(1).state is State.FAILED
    kernel.beat()
    assert kernel.look_at_worker(1).state is State.OK
    old = epoch() - kernel.BEAT_MISSED - 1
    os.utime(settings.GROUPWARE_DATA / "run" / "health" / "worker.beat", (old, old))
    assert kernel.look_at_worker(1).state is State.FAILED


def test_a_long_queue_wants_somebody_to_look_at_it(ann: object, set_limit: SetLimit) -> None:
    assert mail_health.look_at_queue(1).text == "waiting: 0"
    queued(ann, *to("a@outside.test", "b@outside.test"))  # type: ignore[arg-type]
    assert mail_health.look_at_queue(1).text == "waiting: 2"
    set_limit(limits.NOTICE_QUEUE, 1)
    found = mail_health.look_at_queue(1)
    assert found.state is State.ATTENTION
    assert "2 recipients wait" in found.text
    QueuedRecipient.objects.update(is_held=True)
    assert adminnotices.measure_queue().number == 0


def test_a_filter_and_a_broker_that_are_away_have_failed(settings: Settings) -> None:
    settings.GROUPWARE_RSPAMD_URL = "http://:secret@127.0.0.1:1"
    found = mail_health.look_at_spam(1)
    assert found.state is State.FAILED
    assert "secret" not in found.text
    assert "spam" in {held.name for held in mail_health.list_parts()}
    settings.GROUPWARE_BROKER_URL = "redis://:secret@127.0.0.1:1/0"
    assert "broker" in {held.name for held in whole.list_parts()}
    broken = whole.look_at_broker(0.5)
    assert broken.state is State.FAILED
    assert "secret" not in broken.text
