"""Runs the suites that measure this server beside others, and writes what came out.

    .venv/bin/python -m benchmarks [--of imap,dav,mail] [--only fetch,store] [--rounds 1]
        [--messages 2000] [--events 1000] [--peers ours] [--corpus DIR] [--scratch DIR]
        [--json FILE] [--write]

`make bench` runs it with `--write`: docs/benchmarks.md gets the tables and their charts. A suite
that has none of the loads or peers that are named is left out. The scratch directory must lie on a
real disk, not in memory.
"""

import argparse
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.dav.suite import SUITE as DAV
from benchmarks.imap.suite import SUITE as IMAP
from benchmarks.mail.suite import SUITE as MAIL
from benchmarks.side_by_side.runs import Suite, run_suite

SUITES: Mapping[str, Suite[Any]] = {"imap": IMAP, "dav": DAV, "mail": MAIL}


def _parser() -> argparse.ArgumentParser:
    """Return the options; an empty value is the default, so that make can hand on its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    corpus = os.environ.get("GROUPWARE_TEST_CORPUS", "")
    loads = {name: ",".join(suite.loads) for name, suite in SUITES.items()}
    peers = {name: ",".join(suite.peers) for name, suite in SUITES.items()}
    parser.add_argument("--of", default="", help=f"some of {','.join(SUITES)}")
    parser.add_argument("--only", default="", help=f"some of these: {loads}")
    parser.add_argument("--peers", default="", help=f"some of these: {peers}")
    parser.add_argument("--rounds", default="")
    parser.add_argument(
        "--messages", default="", help="in the large mailbox, and in the maildrop (10000)"
    )
    parser.add_argument("--events", default="", help="in the large calendar (10000)")
    parser.add_argument("--corpus", default=corpus, help="directory of .eml files")
    parser.add_argument("--scratch", type=Path, default=Path("/var/tmp"))
    parser.add_argument("--json", type=Path, help="where to write every figure of one suite")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    return parser


def _chosen(asked: str, known: Sequence[str], parser: argparse.ArgumentParser) -> list[str]:
    names = asked.split(",") if asked else list(known)
    for name in names:
        if name not in known:
            parser.error(f"There is no {name}: name some of {', '.join(known)}.")
    return names


def main(of: str = "") -> None:
    """Run the suites that the options ask for; SIGTERM, too, stops the servers first."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parser = _parser()
    options = parser.parse_args()
    suites = [SUITES[name] for name in _chosen(options.of or of, list(SUITES), parser)]
    loads = _chosen(options.only, [load for suite in suites for load in suite.loads], parser)
    peers = _chosen(options.peers, [peer for suite in suites for peer in suite.peers], parser)
    options.rounds = int(options.rounds or 3)
    options.messages = int(options.messages or 10_000)
    options.events = int(options.events or 10_000)
    for suite in suites:
        options.loads = [load for load in suite.loads if load in loads]
        options.names = [peer for peer in suite.peers if peer in peers]
        if options.loads and options.names:
            run_suite(suite, options)


if __name__ == "__main__":
    main()
