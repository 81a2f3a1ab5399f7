"""The embedded broker: each message once, whole, to one of those who look for it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu.connection import Connection

from groupware import broker
from groupware.celery import embedded_options

MESSAGES = 300


@pytest.fixture
def name(tmp_path: Path) -> str:
    """Return a queue's name; kombu remembers in each process which of them have been made."""
    return tmp_path.name


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Any]:  # kombu has no types
    broker.register()
    url = f"{broker.SCHEME}://localhost"
    with Connection(url, transport_options=embedded_options(tmp_path)) as connected:
        yield connected


def take_all(connection: Any, name: str, number: int) -> list[Any]:
    """Take so many messages that the queue is found empty."""
    with connection.clone() as own:
        queue = own.SimpleQueue(name, no_ack=True)
        found = []
        for _ in range(number):
            try:
                found.append(queue.get(timeout=0.1).payload)
            except queue.Empty:
                break
        queue.close()
        return found


def test_every_message_comes_once_while_others_put_and_take(connection: Any, name: str) -> None:
    def put(first: int) -> None:
        with connection.clone() as own:
            queue = own.SimpleQueue(name, no_ack=True)
            for number in range(first, first + MESSAGES):
                queue.put({"number": number, "rest": "x" * 20_000})
            queue.close()

    assert take_all(connection, name, 1) == []  # the queue is made, and everybody knows it
    with ThreadPoolExecutor(6) as pool:
        putting = [pool.submit(put, first) for first in (0, MESSAGES, 2 * MESSAGES)]
        taking = [pool.submit(take_all, connection, name, 3 * MESSAGES) for _ in range(3)]
        for future in putting:
            future.result()
        found = [held for future in taking for held in future.result()]
    found += take_all(connection, name, 3 * MESSAGES)
    assert sorted(held["number"] for held in found) == list(range(3 * MESSAGES))


def test_what_is_written_only_in_part_is_not_there_yet(
    connection: Any, name: str, tmp_path: Path
) -> None:
    queue = connection.SimpleQueue(name, no_ack=True)
    part = tmp_path / "broker" / "queue" / f"1_a.{name}.msg.b.part"
    part.write_text('{"body": ')
    with pytest.raises(queue.Empty):
        queue.get(block=False)
    queue.put("whole")
    assert queue.get(block=False).payload == "whole"
    assert list(part.parent.iterdir()) == [part]
    queue.close()


def test_what_another_takes_first_is_passed_over(
    connection: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = connection.SimpleQueue(name, no_ack=True)
    queue.put("first")
    queue.put("second")
    unlink = Path.unlink

    def be_slower(path: Path) -> None:
        monkeypatch.setattr(Path, "unlink", unlink)
        unlink(path)
        raise FileNotFoundError(path)

    monkeypatch.setattr(Path, "unlink", be_slower)
    assert queue.get(block=False).payload == "second"
    with pytest.raises(Empty):
        connection.default_channel._get(name)
    queue.close()
