"""A program that is told what to call: lines of JSON go in and come back.

`{id, method, args}` is answered by `{id, result}` or `{id, error}`, in any order; what the program
is told by a server comes as `{event, detail}`.
"""

import contextlib
import json
import os
import queue
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from threading import Thread
from typing import Any

WAIT_SECONDS = 30.0


class Told:
    """One such program."""

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
def telling(command: Sequence[str], **environment: str) -> Iterator[Told]:
    """Run such a program until the block ends."""
    process = subprocess.Popen(
        command,
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    program = Told(process)
    try:
        yield program
    finally:
        program.stop()
