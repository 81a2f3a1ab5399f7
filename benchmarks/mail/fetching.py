"""What is measured of POP3.

A message comes into the maildrop before each session, so that nothing is remembered whole.
"""

import contextlib
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.mail.bench import CONNECTIONS, TRIES, Bench, Wrong, timed
from benchmarks.mail.pop3 import Client
from benchmarks.side_by_side.runs import Figures

LOGINS = 20


def login(bench: Bench) -> Figures:
    """Log in, ask for the unique-ids, and for the sizes of all."""
    return {
        "pop3.login": statistics.median(_log_in(bench) for _ in range(LOGINS)),
        "pop3.uidl": statistics.median(_ask(bench, b"UIDL") for _ in range(TRIES)),
        "pop3.list": statistics.median(_ask(bench, b"LIST") for _ in range(TRIES)),
    }


def _log_in(bench: Bench) -> float:
    bench.change()
    start = time.perf_counter()
    with bench.peer.fetch():
        return time.perf_counter() - start


def _ask(bench: Bench, command: bytes) -> float:
    bench.change()
    with bench.peer.fetch() as client:
        seconds = timed(lambda: client.fetch(command))
        if client.answer.count(b"\n") < len(bench.messages):
            raise Wrong(f"{command!r} was answered with {client.answer[:200]!r}")
    return seconds


def _each(client: Client, commands: Sequence[bytes]) -> None:
    for command in commands:
        client.fetch(command)


def _pipelined(client: Client, commands: Sequence[bytes]) -> None:
    client.fetch_pipelined(commands)


def _rate(
    bench: Bench,
    connections: int,
    commands: Sequence[bytes],
    run: Callable[[Client, Sequence[bytes]], None],
) -> float:
    """Return how many commands are answered in a second, each connection taking its share."""
    bench.change()
    size = len(commands) // connections
    shares = [commands[size * number : size * (number + 1)] for number in range(connections)]
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(bench.peer.fetch()) for _ in shares]
        pool = stack.enter_context(ThreadPoolExecutor(connections))
        return size * connections / timed(lambda: list(pool.map(run, clients, shares)))


def _medians(once: Callable[[], Figures]) -> Figures:
    """Return the median of each figure of several tries: most take less than a tenth of a second."""
    tries = [once() for _ in range(TRIES)]
    return {name: statistics.median(figures[name] for figures in tries) for name in tries[0]}


def retrieve(bench: Bench) -> Figures:
    """Fetch two thousand messages that nobody has seen, four times others; and that several times."""
    return _medians(lambda: _retrieve(bench))


def _retrieve(bench: Bench) -> Figures:
    bench.forget_seen()
    bench.peer.settle()
    count = bench.retrieved
    commands = [b"RETR %d" % (number + 1) for number in range(4 * count)]
    shares = iter([commands[count * number : count * (number + 1)] for number in range(4)])
    return {
        "retr.one": _rate(bench, 1, next(shares), _each),
        "retr.four": _rate(bench, CONNECTIONS, next(shares), _each),
        "retr.one.pipelined": _rate(bench, 1, next(shares), _pipelined),
        "retr.four.pipelined": _rate(bench, CONNECTIONS, next(shares), _pipelined),
    }


def top(bench: Bench) -> Figures:
    """Fetch the headers of two thousand messages, again and again; at last what is new each time."""
    return _medians(lambda: _top(bench))


def _top(bench: Bench) -> Figures:
    numbers = range(1, bench.retrieved + 1)
    asked = [b"TOP %d 0" % number for number in numbers]
    # What the server keeps is kept by the number of lines: this one was never asked for.
    lines = bench.count_up()
    others = [b"TOP %d %d" % (number, lines) for number in numbers]
    return {
        "top.one": _rate(bench, 1, asked, _each),
        "top.four": _rate(bench, CONNECTIONS, asked, _each),
        "top.one.pipelined": _rate(bench, 1, asked, _pipelined),
        "top.first.pipelined": _rate(bench, 1, others, _pipelined),
    }
