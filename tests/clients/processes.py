"""Which of the server's processes takes a connection."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from tests.serve.running import Running, wait_for


def imap_processes(running: Running) -> list[int]:
    """Return the process ids that share the IMAP ports."""
    return [pid for pid, program in running.children().items() if program == "imap"]


@contextlib.contextmanager
def accepting(running: Running, pid: int) -> Iterator[None]:
    """Let only the process `pid` take connections: the others stand still meanwhile."""
    others = [other for other in imap_processes(running) if other != pid]
    try:
        for other in others:
            os.kill(other, signal.SIGSTOP)
        wait_for(lambda: all(map(_is_stopped, others)), "the others to stand still")
        yield
    finally:
        for other in others:
            os.kill(other, signal.SIGCONT)


def _is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
