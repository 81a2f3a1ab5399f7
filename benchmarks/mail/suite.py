"""The suite: what `python -m benchmarks` needs to run it."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.imap.messages import load_messages
from benchmarks.mail import fetching, taking
from benchmarks.mail.bench import Bench
from benchmarks.mail.peers import PEERS
from benchmarks.side_by_side.report import Chapter, Line
from benchmarks.side_by_side.runs import Figures, Prepared, Suite

LOADS: dict[str, Callable[[Bench], Figures]] = {
    "lmtp": taking.lmtp,
    "smtp": taking.smtp,
    "everyone": taking.everyone,
    "pop3": fetching.login,
    "retr": fetching.retrieve,
    "top": fetching.top,
}
CHAPTER = Chapter(
    name="mail",
    heading="## LMTP, SMTP and POP3 beside Dovecot and Postfix",
    title="How many times better than Dovecot, and Postfix in front of it",
    lines=(
        Line("lmtp.one", "LMTP, one connection", "a second"),
        Line("lmtp.four", "LMTP, four connections", "a second"),
        Line("lmtp.several", "LMTP, for four recipients, one connection", "a second"),
        Line("smtp.one", "SMTP until the 250, one connection", "a second"),
        Line("smtp.four", "SMTP until the 250, four connections", "a second"),
        Line("smtp.filed", "SMTP until it is filed, four connections", "a second"),
        Line("list.filed", "SMTP to a list of 1,000, until the last has it"),
        Line("pop3.login", "POP3 login"),
        Line("pop3.uidl", "UIDL of all"),
        Line("pop3.list", "LIST of all"),
        Line("retr.one", "RETR, one connection", "a second"),
        Line("retr.four", "RETR, four connections", "a second"),
        Line("retr.one.pipelined", "RETR pipelined, one connection", "a second"),
        Line("retr.four.pipelined", "RETR pipelined, four connections", "a second"),
        Line("top.one", "TOP, one connection", "a second"),
        Line("top.four", "TOP, four connections", "a second"),
        Line("top.one.pipelined", "TOP pipelined, one connection", "a second"),
        Line("top.first.pipelined", "TOP pipelined, of what nobody asked for before", "a second"),
    ),
)


def _prepare(options: argparse.Namespace) -> Prepared[Bench]:
    corpus = Path(options.corpus) if options.corpus else None
    messages = load_messages(corpus, options.messages)
    kind = "real" if corpus else "generated"
    held = f"A maildrop of {len(messages):,} {kind} messages of {sum(map(len, messages)):,} octets"
    return Prepared(partial(Bench, messages=messages), held)


SUITE: Suite[Bench] = Suite(CHAPTER, PEERS, LOADS, _prepare)
