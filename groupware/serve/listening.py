"""Streams of events in a worker of the web or the events role: their hub, and their end.

Granian lets a worker that is asked to stop finish what is open, and a stream never is. So its parent
tells by a pipe that it stops, and the streams end at once; their clients connect anew.
"""

import asyncio
import json
import os

from groupware.api.push.streams import Full, Headers, Listener, Receive, Send, Streams
from groupware.core import aio
from groupware.core.livesessions import Teller
from groupware.rest import errors, problems


class Listening:
    """The streams of one worker; nothing of it is there before the first."""

    def __init__(self, stopping: int | None) -> None:
        self._stopping = stopping
        self._streams: Streams | None = None
        self._teller: Teller | None = None

    async def serve(
        self, listener: Listener, headers: Headers, receive: Receive, send: Send
    ) -> None:
        """Keep a stream open as long as both ends want it; raises `Full`."""
        kept = [(name, value) for name, value in headers if name != b"content-length"]
        await self._open().serve(listener, kept, receive, send)

    def _open(self) -> Streams:
        if self._streams is None:
            self._streams = Streams()
            aio.open_hub()
            loop = asyncio.get_running_loop()
            self._teller = Teller(loop, self._streams)
            if self._stopping is not None:
                loop.add_reader(self._stopping, self._stop, loop, self._stopping)
        return self._streams

    def _stop(self, loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
        loop.remove_reader(descriptor)
        if self._streams is not None:
            self._streams.stop()

    async def close(self) -> None:
        """End what is open; the worker ends."""
        if self._streams is not None:
            self._streams.stop()
            if self._teller is not None:
                self._teller.close()
            await aio.close_hub()
            aio.close_crossing()


def refusal_of(full: Full) -> tuple[int, Headers, bytes]:
    """Return the answer to somebody for whom no stream is opened."""
    told = errors.describe(full)
    headers = [
        (b"content-type", problems.MEDIA_TYPE.encode()),
        (b"retry-after", str(errors.RETRY_SECONDS).encode()),
    ]
    return told.problem.status, headers, json.dumps(told.body()).encode()


class StopPipe:
    """Told by a server to the workers that it forks: it stops. Nothing is ever written to it."""

    def __init__(self) -> None:
        self.reader, self._writer = os.pipe()

    def in_worker(self) -> int:
        """Return what a worker reads; it lets go of the end that the server holds."""
        os.close(self._writer)
        return self.reader

    def close(self) -> None:
        """Tell the workers."""
        if self._writer >= 0:
            os.close(self._writer)
            self._writer = -1
