"""The supervisor itself, with a program in place of Python."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from groupware.serve.roles import Program
from groupware.serve.supervisor import Supervisor
from tests.serve.running import wait_for

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
            await asyncio.to_thread(wait_for, lambda: logs, "a child that cannot be started")
            assert logs[0]["not_started"] == "No such file or directory"
            script.rename(python)
            await asyncio.to_thread(wait_for, ran.exists, "the child")
            os.kill(os.getpid(), signal.SIGTERM)
            await running
