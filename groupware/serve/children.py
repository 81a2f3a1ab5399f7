"""What a child process promises before it runs: to die with its parent."""

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(number: signal.Signals = signal.SIGTERM, *, parent: int | None = None) -> None:
    """Ask Linux for signal `number` when the parent's thread ends; elsewhere do nothing.

    Called between fork and exec, and after a change of user, which would cancel it. `parent` is
    the process that must still be the parent by now.
    """
    prctl = getattr(_libc, "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), number)
