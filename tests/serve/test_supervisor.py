"""The supervisor itself, with a program in place of Python."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from groupware.serve.roles import Program
from groupware.serve.supervisor import Supervisor

PROGRAM = Program("worker", "worker", (), "nowhere:run", processes=1)
SECONDS = 20


async def test_child_that_cannot_be_started_now_is_started_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the machine has no memory or no process left for a moment."""
    python, ran = tmp_path / "python", tmp_path / "ran"
    monkeypatch.setattr(sys, "executable", str(python))
    supervisor = Supervisor({}, tmp_path, 1)
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {ran}\n")
    script.chmod(0o700)
    with capture_logs() as logs:
        running = asyncio.create_task(supervisor.run((PROGRAM,), lambda: None))
        async with asyncio.timeout(SECONDS):
            await until(lambda: bool(logs) or running.done())
            assert [line["event"] for line in logs] == ["process not started"]
            script.rename(python)
            await until(ran.exists)
            os.kill(os.getpid(), signal.SIGTERM)
            await running


async def until(condition: Callable[[], bool]) -> None:
    """Return when `condition` holds."""
    while not condition():
        await asyncio.sleep(0.01)
