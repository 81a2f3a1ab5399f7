"""The suite: what `python -m benchmarks` needs to run it."""

import argparse
from functools import partial

from benchmarks.dav.loads import CARDS, CHAPTER, LOADS, Bench
from benchmarks.dav.peers import PEERS
from benchmarks.side_by_side.runs import Prepared, Suite


def _prepare(options: argparse.Namespace) -> Prepared[Bench]:
    held = f"A calendar of {options.events:,} events, an address book of {CARDS:,} cards"
    return Prepared(partial(Bench, events=options.events), held)


SUITE: Suite[Bench] = Suite(CHAPTER, PEERS, LOADS, _prepare)
