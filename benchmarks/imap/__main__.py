"""Runs the loads on the servers in turn, and writes what came out.

    .venv/bin/python -m benchmarks.imap [--only fetch,store] [--rounds 1] [--messages 2000]
        [--peers ours] [--corpus DIR] [--scratch DIR] [--json FILE] [--write]

`make bench` runs it with `--write`: docs/benchmarks.md gets the table and its chart. In each round
each load is put on each server, one at a time, and the one that begins alternates. The scratch
directory must lie on a real disk, not in memory.
"""

import argparse
import contextlib
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.imap import chart, machine, report
from benchmarks.imap.loads import LOADS, Bench, Missing
from benchmarks.imap.messages import load_messages
from benchmarks.imap.peers import PEERS


class Run:
    """One run: the servers, and what was measured so far."""

    def __init__(self, benches: Sequence[Bench]) -> None:
        self.benches = benches
        self.results: dict[str, dict[str, list[float]]] = {bench.peer.name: {} for bench in benches}
        self.missing: dict[str, str] = {}
        self.watch = machine.Watch()

    def round(self, number: int, loads: Sequence[str]) -> None:
        """Put each load on each server."""
        peers = [bench.peer for bench in self.benches]
        benches = self.benches if number % 2 else self.benches[::-1]
        for load in loads:
            for bench in benches:
                before = machine.now(peers)
                self._measure(number, load, bench)
                self.watch.note(before, machine.now(peers))

    def _measure(self, number: int, load: str, bench: Bench) -> None:
        name = bench.peer.name
        try:
            figures = LOADS[load](bench)
        except Missing as reason:
            self.missing[f"{name}.{load}"] = str(reason)
            print(f"round {number}  {name:8} {load}: {reason}", flush=True)
            return
        lines = {line.key: line for line in report.LINES}
        for key, figure in figures.items():
            self.results[name].setdefault(key, []).append(figure)
            print(f"round {number}  {name:8} {key:20} {lines[key].show(figure)}", flush=True)


def parse_arguments() -> argparse.Namespace:
    """Return the options; an empty value is the default, so that make can hand on its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.imap", description=__doc__)
    corpus = os.environ.get("GROUPWARE_TEST_CORPUS", "")
    parser.add_argument("--only", default="", help=f"some of {','.join(LOADS)}")
    parser.add_argument("--rounds", default="")
    parser.add_argument("--messages", default="")
    parser.add_argument("--peers", default="", help="ours, dovecot, or both")
    parser.add_argument("--corpus", default=corpus, help="directory of .eml files")
    parser.add_argument("--scratch", type=Path, default=Path("/var/tmp"))
    parser.add_argument("--json", type=Path, help="where to write every figure")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    options.loads = options.only.split(",") if options.only else list(LOADS)
    options.names = options.peers.split(",") if options.peers else list(PEERS)
    for name in options.loads:
        if name not in LOADS:
            parser.error(f"There is no load {name}: name some of {', '.join(LOADS)}.")
    for name in options.names:
        if name not in PEERS:
            parser.error(f"There is no server {name}: name ours, dovecot, or both.")
    options.rounds = int(options.rounds or 3)
    options.messages = int(options.messages or 10_000)
    return options


def measure(options: argparse.Namespace, messages: list[bytes], scratch: Path) -> tuple[Run, str]:
    """Start the servers, fill them, and run all rounds; return the run and what it ran on."""
    peers = [PEERS[name](scratch) for name in options.names]
    with contextlib.ExitStack() as stack:
        for peer in peers:
            stack.callback(peer.stop)
            peer.start()
        benches = [Bench(peer, messages) for peer in peers]
        for bench in benches:
            print(f"Filling {bench.peer.name} …", flush=True)
            bench.fill()
        run = Run(benches)
        for number in range(1, options.rounds + 1):
            run.round(number, options.loads)
        return run, " ".join([*machine.describe(scratch, peers), *run.watch.lines()])


def section(options: argparse.Namespace, run: Run, what: str) -> str:
    """Return the text between the markers."""
    total = sum(map(len, run.benches[0].messages))
    kind = "real" if options.corpus else "generated"
    rounds = f"medians of {options.rounds} rounds" if options.rounds > 1 else "one round"
    return (
        f"{len(run.benches[0].messages):,} {kind} messages of {total:,} octets; {rounds}."
        f" {what}\n\n"
        "![How many times better than Dovecot](benchmarks-imap.svg)\n\n"
        + report.table(run.results, run.missing)
    )


def main() -> None:
    """Measure, print and write."""
    options = parse_arguments()
    corpus = Path(options.corpus) if options.corpus else None
    messages = load_messages(corpus, options.messages)
    with tempfile.TemporaryDirectory(dir=options.scratch, prefix="bench-imap-") as directory:
        run, what = measure(options, messages, Path(directory))
    print(section(options, run, what))
    if options.json:
        options.json.write_text(json.dumps(run.results, indent=1))
    if options.write:
        report.write(section(options, run, what))
        texts = {line.key: line.text for line in report.LINES}
        report.CHART.write_text(chart.draw(report.ratios(run.results), texts))


if __name__ == "__main__":
    main()
