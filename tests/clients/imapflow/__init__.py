"""imapflow, a client in JavaScript, as the tests use it: a process that is told what to call."""

import contextlib
import hashlib
import json
import os
import queue
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.clients.people import Person
from tests.clients.tools import find_tool
from tests.serve.running import Running

HERE = Path(__file__).parent
WAIT_SECONDS = 30.0
FETCH_SECONDS = 300
FILES = ("package.json", "package-lock.json")


class ImapFlow:
    """One session."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._messages: queue.Queue[dict[str, Any]] = queue.Queue()
        self._events: list[dict[str, Any]] = []
        self._answers: dict[int, dict[str, Any]] = {}
        self._count = 0
        self._reader = Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._messages.put(json.loads(line))

    def start(self, method: str, *args: Any) -> int:
        """Call a method, or read a property, and do not wait for it."""
        self._count += 1
        message = {"id": self._count, "method": method, "args": args}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
        return self._count

    def call(self, method: str, *args: Any) -> Any:
        """Return what a method returns, or a property is."""
        return self.finish(self.start(method, *args))

    def finish(self, number: int) -> Any:
        """Return what a call that was started returns."""
        while number not in self._answers:
            self._take()
        message = self._answers.pop(number)
        assert "error" not in message, message
        return message.get("result")

    def event(self, name: str) -> Mapping[str, Any]:
        """Return the next event of a name, and forget those before it."""
        while True:
            while not self._events:
                self._take()
            message = self._events.pop(0)
            if message["event"] == name:
                return dict(message["detail"])

    def _take(self) -> None:
        """Wait for the next line, and put it where it belongs."""
        message = self._messages.get(timeout=WAIT_SECONDS)
        if "id" in message:
            self._answers[message["id"]] = message
        else:
            self._events.append(message)

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._reader.join()


@contextlib.contextmanager
def imapflow(server: Running, person: Person, **options: Any) -> Iterator[ImapFlow]:
    """Open a session over TLS; leaving its block logs out."""
    settings = {
        "host": "localhost",
        "port": server.ports["IMAPS"],
        "secure": True,
        "auth": {"user": person.address, "pass": person.password},
        "tls": {"ca": server.trusted.read_text()},
        "disableAutoIdle": True,
    }
    command = [find_tool("node"), str(HERE / "driver.js"), json.dumps(settings | options)]
    process = subprocess.Popen(
        command,
        env=os.environ | {"NODE_PATH": str(_modules())},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    client = ImapFlow(process)
    try:
        client.call("connect")
        yield client
        client.call("logout")
    finally:
        client.stop()


def _modules() -> Path:
    """Return where imapflow is installed: in the user's cache, fetched when it is not there."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "groupware-tests"
    content = b"".join((HERE / name).read_bytes() for name in FILES)
    directory = cache / f"imapflow-{hashlib.sha256(content).hexdigest()[:16]}"
    if not directory.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            _install(Path(scratch))
            # Whoever was faster has put the same there.
            with contextlib.suppress(OSError):
                Path(scratch).rename(directory)
            Path(scratch).mkdir(exist_ok=True)
    return directory / "node_modules"


def _install(directory: Path) -> None:
    npm = find_tool("npm")
    for name in FILES:
        shutil.copy(HERE / name, directory)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    try:
        subprocess.run(
            command, cwd=directory, check=True, capture_output=True, timeout=FETCH_SECONDS
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip("npm could not fetch imapflow: is the network there?")
