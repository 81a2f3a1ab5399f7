import asyncio
import json
import logging
import os
import subprocess
import sys

import pytest
import structlog

from groupware.core.logging import HIDDEN, bind_session, hide_secrets, is_hidden

PROGRAM = """
import logging, sys, structlog
from groupware.core.logging import bind_session, configure_logging
configure_logging("INFO", sys.argv[1])
bind_session("imap", peer="192.0.2.1")
structlog.get_logger("ours").info("login", password="swordfish", account=7)
logging.getLogger("theirs").warning("a line of %s", "a library", extra={"token": "swordfish"})
structlog.get_logger("ours").debug("too low")
try:
    secret = "swordfish"
    raise ValueError("broken")
except ValueError:
    structlog.get_logger("ours").exception("failed", body="swordfish")
"""


def run(form: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, form],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.getcwd()},  # noqa: PTH109
    )
    assert done.stdout == ""
    return done.stderr


def test_json_lines_carry_the_session_and_no_secret() -> None:
    output = run("json")
    lines = [json.loads(line) for line in output.splitlines()]
    assert [line["event"] for line in lines] == ["login", "a line of a library", "failed"]
    assert len({line["session"] for line in lines}) == 1
    assert {line["protocol"] for line in lines} == {"imap"}
    assert lines[0]["password"] == HIDDEN
    assert lines[0]["account"] == 7
    assert "ValueError: broken" in lines[2]["exception"]
    assert "swordfish" not in output


def test_text_lines_carry_the_session_and_no_secret() -> None:
    output = run("text")
    assert output.count("session=") == 3
    assert "too low" not in output
    assert "swordfish" not in output


@pytest.mark.parametrize("key", ["password", "Token", "app_password", "subject", "body", "raw"])
def test_secrets_and_content_are_known_by_their_key(key: str) -> None:
    assert is_hidden(key)
    assert hide_secrets(None, "info", {key: "x"}) == {key: HIDDEN}


@pytest.mark.parametrize("key", ["event", "account", "mailbox", "uid", "error", "peer", "size"])
def test_what_an_admin_needs_is_shown(key: str) -> None:
    assert not is_hidden(key)


async def test_each_task_has_a_session_of_its_own() -> None:
    async def session() -> str:
        return bind_session("imap")

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(session()) for _ in range(3)]
    assert len({task.result() for task in tasks}) == 3
    assert "session" not in structlog.contextvars.get_contextvars()
    assert logging.getLogger().handlers
