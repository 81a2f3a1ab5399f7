"""Other processes on this test's store: a function of a test module, run in each of them.

The function gets a `Channel` to the test and plain arguments, and returns something plain.
"""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, Any

import django

from groupware.environment import BASE_DIR


class Channel:
    """Lines of JSON to and from the other side."""

    def __init__(self, incoming: IO[str], outgoing: IO[str]) -> None:
        self._incoming = incoming
        self._outgoing = outgoing

    def say(self, value: Any) -> None:
        """Send a plain value."""
        self._outgoing.write(json.dumps(value) + "\n")
        self._outgoing.flush()

    def hear(self) -> Any:
        """Wait for a value; raises `EOFError` when the other side is gone."""
        line = self._incoming.readline()
        if not line:
            raise EOFError("the other process has ended")
        return json.loads(line)


Function = Callable[..., Any]


@contextmanager
def running(
    function: Function, *calls: tuple[Any, ...], **variables: str
) -> Iterator[list[Channel]]:
    """Run `function` in one process for each tuple of arguments, all begun and none let go.

    Each waits for a first line, which `go` sends, and says its result last.
    """
    with ExitStack() as stack:
        channels = [stack.enter_context(_process(function, call, variables)) for call in calls]
        for channel in channels:
            assert channel.hear() == "ready"
        yield channels


def go(channels: list[Channel]) -> list[Any]:
    """Let every process run, and return their results."""
    for channel in channels:
        channel.say("go")
    return [channel.hear() for channel in channels]


@contextmanager
def _process(
    function: Function, arguments: tuple[Any, ...], variables: dict[str, str]
) -> Iterator[Channel]:
    name = f"{function.__module__}:{function.__name__}"
    command = [sys.executable, "-m", "tests.services.processes", name, json.dumps(arguments)]
    with subprocess.Popen(
        command,
        cwd=BASE_DIR,
        env=_environment() | variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Channel(process.stdout, process.stdin)
        finally:
            process.kill()


def _environment() -> dict[str, str]:
    from django.conf import settings
    from django.db import connection

    name = connection.settings_dict["NAME"]
    server = os.environ["GROUPWARE_DATABASE_URL"]
    return {key: text for key, text in os.environ.items() if not key.startswith("GROUPWARE_")} | {
        "DJANGO_SETTINGS_MODULE": "groupware.settings",
        "GROUPWARE_DATA": str(settings.GROUPWARE_DATA),
        "GROUPWARE_DATABASE_URL": (
            f"{server.rpartition('/')[0]}/{name}" if server else f"sqlite://{name}"
        ),
    }


def _main(name: str, arguments: str) -> None:
    django.setup()
    module, _, function = name.partition(":")
    call: Function = getattr(importlib.import_module(module), function)
    channel = Channel(sys.stdin, sys.stdout)
    channel.say("ready")
    assert channel.hear() == "go"
    channel.say(call(channel, *json.loads(arguments)))


if __name__ == "__main__":
    _main(*sys.argv[1:])
