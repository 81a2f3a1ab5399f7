"""The order of things: each load on each server, one at a time, in rounds."""

import argparse
import contextlib
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from benchmarks.side_by_side import chart, machine, report
from benchmarks.side_by_side.report import Chapter
from benchmarks.side_by_side.servers import Peer

Figures = Mapping[str, float]


class Missing(Exception):
    """The server does not have what a load needs; the text names it."""


class Filled(Protocol):
    """A server under test and what it holds."""

    @property
    def peer(self) -> Peer:
        """The server."""

    @property
    def remarks(self) -> Sequence[str]:
        """What is to be said of its answers."""

    def fill(self) -> None:
        """Put in what the loads find there."""


BenchType = TypeVar("BenchType", bound=Filled)


@dataclass(frozen=True, slots=True)
class Suite(Generic[BenchType]):
    """Loads of one kind, the servers on which they are put, and where the result goes."""

    chapter: Chapter
    peers: Mapping[str, Callable[[Path], Any]]
    loads: Mapping[str, Callable[[BenchType], Figures]]
    prepare: Callable[[argparse.Namespace], "Prepared[BenchType]"]


@dataclass(frozen=True, slots=True)
class Prepared(Generic[BenchType]):
    """What makes a bench of a server, and a sentence that says what it will hold."""

    make: Callable[[Any], BenchType]
    held: str


class Run(Generic[BenchType]):
    """One run: the servers, and what was measured so far."""

    def __init__(self, suite: Suite[BenchType], benches: Sequence[BenchType]) -> None:
        self.benches = benches
        self.results: dict[str, dict[str, list[float]]] = {bench.peer.name: {} for bench in benches}
        self.missing: dict[str, str] = {}
        self.watch = machine.Watch()
        self._suite = suite
        self._lines = {line.key: line for line in suite.chapter.lines}

    def round(self, number: int, loads: Sequence[str]) -> None:
        """Put each load on each server; the one that begins alternates."""
        peers = [bench.peer for bench in self.benches]
        benches = self.benches if number % 2 else self.benches[::-1]
        for load in loads:
            for bench in benches:
                before = machine.now(peers)
                self._measure(number, load, bench)
                self.watch.note(before, machine.now(peers))

    def _measure(self, number: int, load: str, bench: BenchType) -> None:
        name = bench.peer.name
        try:
            figures = self._suite.loads[load](bench)
        except Missing as reason:
            self.missing[f"{name}.{load}"] = str(reason)
            print(f"round {number}  {name:8} {load}: {reason}", flush=True)
            return
        for key, figure in figures.items():
            self.results[name].setdefault(key, []).append(figure)
            print(f"round {number}  {name:8} {key:20} {self._lines[key].show(figure)}", flush=True)


def measure(
    suite: Suite[BenchType],
    options: argparse.Namespace,
    prepared: Prepared[BenchType],
    scratch: Path,
) -> tuple[Run[BenchType], str]:
    """Start the servers, fill them, and run all rounds; return the run and what it ran on."""
    peers = [suite.peers[name](scratch) for name in options.names]
    with contextlib.ExitStack() as stack:
        for peer in peers:
            stack.callback(peer.stop)
            peer.start()
        benches = [prepared.make(peer) for peer in peers]
        for bench in benches:
            print(f"Filling {bench.peer.name} …", flush=True)
            bench.fill()
        run = Run(suite, benches)
        for number in range(1, options.rounds + 1):
            run.round(number, options.loads)
        return run, " ".join([*machine.describe(scratch, peers), *run.watch.lines()])


def run_suite(suite: Suite[BenchType], options: argparse.Namespace) -> None:
    """Measure, print and write."""
    chapter = suite.chapter
    prepared = suite.prepare(options)
    with tempfile.TemporaryDirectory(
        dir=options.scratch, prefix=f"bench-{chapter.name}-"
    ) as directory:
        run, what = measure(suite, options, prepared, Path(directory))
    rounds = f"medians of {options.rounds} rounds" if options.rounds > 1 else "one round"
    section = (
        f"{prepared.held}; {rounds}. {what}\n\n![{chapter.title}]({chapter.chart.name})\n\n"
        + report.table(chapter, run.results, run.missing)
        + "".join(f"\n\n{remark}." for bench in run.benches for remark in bench.remarks)
    )
    print(section)
    if options.json:
        options.json.write_text(json.dumps(run.results, indent=1))
    if options.write:
        report.write(chapter, section)
        ratios = report.ratios(chapter, run.results)
        chapter.chart.write_text(chart.draw(chapter.title, ratios, chapter.texts))
