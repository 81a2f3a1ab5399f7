"""Datagrams between processes; the event loop's side is in test_hub."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from groupware.core import events
from groupware.core.events import CollectionChanged, CredentialsChanged, MailboxListChanged

pytestmark = pytest.mark.django_db
EVENT = CollectionChanged(1, 2, 3)


@pytest.fixture(autouse=True)
def _no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this be a process without an event loop: a hub of another test's would carry the events."""
    monkeypatch.setattr(events, "_carriers", [])


@pytest.fixture
def notify(own_data: Path) -> Path:
    path = own_data / "run" / "notify"
    path.mkdir(parents=True)
    return path


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """Listen as another process does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as held:
        held.settimeout(10)
        held.bind(events.socket_address(path))
        yield held


@pytest.mark.parametrize(
    "event", [CollectionChanged(1, 2**40, 3), CredentialsChanged(7), MailboxListChanged(2**62)]
)
def test_event_comes_back_from_its_datagram(event: events.Event) -> None:
    assert events.decode(events.encode(event)) == event


@pytest.mark.parametrize(
    "data",
    [b"", b"x 1", b"c", b"c 1 2", b"c 1 2 3 4", b"c a b c", b"a", b"\xff\0", b"a 1 ", b"c 1 2 3.5"],
)
def test_datagram_that_is_not_ours_is_no_event(data: bytes) -> None:
    assert events.decode(data) is None


def test_event_reaches_every_other_process_and_our_subscribers(
    notify: Path, published: list[object]
) -> None:
    with listening(notify / "1.sock") as one, listening(notify / "2.sock") as two:
        events.publish(EVENT)
        assert events.decode(one.recv(100)) == events.decode(two.recv(100)) == EVENT
    assert published == [EVENT]


def test_own_socket_is_left_out(notify: Path) -> None:
    with listening(notify / events.own_socket_name()) as own, listening(notify / "1.sock") as other:
        events.publish(EVENT)
        assert other.recv(100)
        own.setblocking(False)
        with pytest.raises(BlockingIOError):
            own.recv(100)


def test_socket_of_a_dead_process_is_removed(notify: Path) -> None:
    with listening(notify / "dead.sock"):
        pass
    with listening(notify / "alive.sock") as alive:
        events.publish(EVENT)
        assert alive.recv(100)
    assert [path.name for path in notify.iterdir()] == ["alive.sock"]


def test_process_that_does_not_read_stops_nobody(notify: Path) -> None:
    with listening(notify / "deaf.sock"), listening(notify / "hearing.sock") as hearing:
        for number in range(3000):
            events.publish(CredentialsChanged(number))
            assert events.decode(hearing.recv(100)) == CredentialsChanged(number)


def test_nobody_to_tell_is_no_failure(own_data: Path, notify: Path) -> None:
    events.publish(EVENT)
    (notify / "a file").write_text("not a socket")
    events.publish(EVENT)
    assert list(notify.iterdir()) == []
    notify.rmdir()
    events.publish(EVENT)


def test_path_that_is_too_long_for_a_socket_works_too(settings: Any, tmp_path: Path) -> None:
    settings.GROUPWARE_DATA = tmp_path / ("long" * 40)
    path = events.directory()
    path.mkdir(parents=True)
    with listening(path / "1.sock") as other:
        events.publish(EVENT)
        assert events.decode(other.recv(100)) == EVENT
    assert len(os.fsencode(path)) > 107


def test_subscriber_that_ended_hears_nothing(notify: Path) -> None:
    heard: list[object] = []
    end = events.subscribe(heard.append)
    events.publish(EVENT)
    end()
    events.publish(EVENT)
    assert heard == [EVENT]


def test_what_was_closed_sends_again(notify: Path) -> None:
    with listening(notify / "1.sock") as one:
        for _ in range(2):
            events.publish(EVENT)
            assert events.decode(one.recv(100)) == EVENT
            events.close_sender()
            assert events._sender is None
