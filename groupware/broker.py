"""The embedded broker: kombu's transport of files, with files that appear and go as a whole.

kombu makes a file and then writes it, so that a worker that looks at the wrong moment reads half a
message and ends; and it takes a message by moving it into the directory for everybody's temporary
files. Here a file gets its name when it is written, and who removes it has the message.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty
from time import monotonic_ns
from typing import Any
from uuid import uuid4

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps, loads

SCHEME = "embedded"
"""The scheme of its URL, once `register` was called."""


class Channel(filesystem.Channel):
    """A channel whose readers see whole files only."""

    def _put(self, queue: str, payload: Any, **_options: object) -> None:  # type: ignore[override]
        """Put a message onto a queue."""
        name = f"{monotonic_ns()}_{uuid4()}.{queue}.msg"
        _write(Path(self.data_folder_out, name), payload)

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ARG002 (kombu's)
        """Return the oldest message of a queue; raises `Empty`."""
        folder = Path(self.data_folder_in)
        for name in sorted(path.name for path in folder.iterdir()):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            with suppress(FileNotFoundError):  # another worker was faster
                data = (folder / name).read_bytes()
                (folder / name).unlink()
                return loads(data.decode())
        raise Empty

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        """Note where an exchange's messages go."""
        bound = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        self.control_folder.mkdir(exist_ok=True)
        with self._one_at_a_time():
            known = self.get_table(exchange)
            if bound not in known:
                _write(self._exchange_file(exchange), [bound, *known])

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        with (self.control_folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _write(path: Path, content: Any) -> None:
    part = path.with_name(f"{path.name}.{uuid4()}.part")
    part.write_text(dumps(content))
    part.rename(path)


class Transport(filesystem.Transport):
    """kombu's transport of files, with the channel above."""

    Channel = Channel


def register() -> None:
    """Let a URL `embedded://localhost` stand for it."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:{Transport.__name__}"
