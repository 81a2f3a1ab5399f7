"""The suite: what `python -m benchmarks` needs to run it."""

import argparse
from functools import partial
from pathlib import Path

from benchmarks.imap.loads import CHAPTER, LOADS, Bench
from benchmarks.imap.messages import load_messages
from benchmarks.imap.peers import PEERS
from benchmarks.side_by_side.runs import Prepared, Suite


def _prepare(options: argparse.Namespace) -> Prepared[Bench]:
    corpus = Path(options.corpus) if options.corpus else None
    messages = load_messages(corpus, options.messages)
    kind = "real" if corpus else "generated"
    held = f"{len(messages):,} {kind} messages of {sum(map(len, messages)):,} octets"
    return Prepared(partial(Bench, messages=messages), held)


SUITE: Suite[Bench] = Suite(CHAPTER, PEERS, LOADS, _prepare)
