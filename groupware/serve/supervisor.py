"""The supervisor: starts the child processes of every program, and brings back what dies.

A child has a process group of its own, so that Ctrl-C reaches the supervisor alone and whatever a
child leaves behind is found. One that dies comes back after a pause that doubles while it keeps
dying. To stop is to ask every child and to wait; who has not ended after STOP_SECONDS is killed.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import structlog

from groupware.core.clock import monotonic
from groupware.core.listeners import VARIABLE as LISTEN_VARIABLE
from groupware.core.metrics import DIRECTORY_VARIABLE, forget_process, metrics_directory
from groupware.environment import BASE_DIR
from groupware.serve.children import die_with_parent
from groupware.serve.roles import Program
from groupware.serve.sockets import Sockets, describe_sockets

# Longer than any role gives what it has in flight, and less than the five seconds of the contract.
STOP_SECONDS = 4.5
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 30.0
SETTLED_SECONDS = 10.0

_log = structlog.get_logger("groupware.serve")


class Supervisor:
    """Runs programs until it is told to stop."""

    def __init__(self, sockets: Sockets, data: Path, processes: int) -> None:
        self._sockets = sockets
        self._data = data
        self._processes = processes
        self._stopping = asyncio.Event()

    async def run(self, programs: tuple[Program, ...], started: Callable[[], None]) -> None:
        """Keep `programs` running until SIGTERM, SIGINT or SIGHUP; call `started` once."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._stopping.set)
        async with asyncio.TaskGroup() as group:
            for program in programs:
                for _ in range(program.processes or self._processes):
                    group.create_task(self._keep_running(program))
            started()

    async def _keep_running(self, program: Program) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            start = monotonic()
            try:
                outcome: dict[str, object] = {"exit_code": await self._run_once(program)}
            except OSError as error:  # the machine has no room for a process just now
                outcome = {"not_started": error.strerror}
            if self._stopping.is_set():
                return
            if monotonic() - start > SETTLED_SECONDS:
                pause = FIRST_PAUSE
            _log.error("process ended", program=program.name, again_in=pause, **outcome)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _run_once(self, program: Program) -> int:
        """Run one child to its end, or until it is stopped; return its exit code."""
        child = await self._start(program)
        ended = asyncio.create_task(child.wait())
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not ended.done():
            child.terminate()
            _, late = await asyncio.wait({ended}, timeout=STOP_SECONDS)
            if late:
                _log.error("process killed", program=program.name, after=STOP_SECONDS)
        # The group outlives a child that was killed: its workers hold its sockets.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        code = await ended
        forget_process(self._data, child.pid)
        return code

    async def _start(self, program: Program) -> asyncio.subprocess.Process:
        sockets = {name: self._sockets[name] for name in program.ports if name in self._sockets}
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-P", "-m", "groupware.serve.child", program.name),
            env=os.environ
            | {
                "PYTHONPATH": str(BASE_DIR),
                LISTEN_VARIABLE: describe_sockets(sockets),
                DIRECTORY_VARIABLE: str(metrics_directory(self._data)),
            },
            stdin=asyncio.subprocess.DEVNULL,
            pass_fds=[item.fileno() for items in sockets.values() for item in items],
            process_group=0,
            preexec_fn=partial(die_with_parent, parent=os.getpid()),
        )
