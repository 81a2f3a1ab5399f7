"""The front of the web role in memory: what it awaits, what it refuses, what an application gets."""

import asyncio
import io
import json
from collections.abc import Iterable
from typing import Any

import pytest

from groupware.core import limits
from groupware.serve.front import SMALL, Front, environ_of
from tests.conftest import SetLimit

SCOPE: dict[str, Any] = {
    "type": "http",
    "method": "PUT",
    "raw_path": b"/dav/%C3%A9%ff/a%2Fb",
    "query_string": b"a=b",
    "http_version": "1.1",
    "scheme": "https",
    "server": ("127.0.0.1", "8443"),
    "client": ("192.0.2.1", "1234"),
    "headers": [],
}


class Told:
    """An application that keeps what it was asked, and answers with the octets of the body."""

    def __init__(self) -> None:
        self.environs: list[dict[str, Any]] = []
        self.is_closed = False

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.environs.append(environ)
        start_response("201 Created", [("X-Size", "é")])
        return self

    def __iter__(self) -> Any:
        return iter([b"", self.environs[-1]["wsgi.input"].read()])

    def close(self) -> None:
        self.is_closed = True


class Exchange:
    """One request: its pieces come when they are put, its answer is kept."""

    def __init__(self, front: Front, **scope: Any) -> None:
        self.pieces: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []
        self.task = asyncio.ensure_future(front({**SCOPE, **scope}, self.pieces.get, self._send))

    async def _send(self, message: Any) -> None:
        self.sent.append(message)

    def put(self, data: bytes, *, more: bool = True) -> None:
        self.pieces.put_nowait({"type": "http.request", "body": data, "more_body": more})

    async def answer(self) -> tuple[int, bytes]:
        async with asyncio.timeout(20):
            await self.task
        start, body = self.sent
        return start["status"], body["body"]


@pytest.fixture
def told() -> Told:
    return Told()


def front(told: Told) -> Front:
    return Front(told, threads=1)


async def test_a_body_comes_whole_whatever_its_pieces_are(told: Told) -> None:
    exchange = Exchange(front(told))
    for piece in (b"ab", b"", b"c"):
        exchange.put(piece)
    exchange.put(b"", more=False)
    assert await exchange.answer() == (201, b"abc")
    assert exchange.sent[0]["headers"] == [(b"x-size", "é".encode("latin-1"))]
    assert told.is_closed


async def test_no_thread_is_taken_before_the_body_is_here(told: Told) -> None:
    one = front(told)
    waiting = [Exchange(one) for _ in range(50)]
    for exchange in waiting:
        exchange.put(b"a")
    ready = Exchange(one)
    ready.put(b"b", more=False)
    assert await ready.answer() == (201, b"b")
    assert len(told.environs) == 1
    for exchange in waiting:
        exchange.put(b"", more=False)
        assert await exchange.answer() == (201, b"a")


async def test_who_leaves_in_the_middle_is_forgotten(told: Told) -> None:
    exchange = Exchange(front(told))
    exchange.put(b"a")
    exchange.pieces.put_nowait({"type": "http.disconnect"})
    await exchange.task
    assert (exchange.sent, told.environs) == ([], [])


async def test_a_body_has_a_time_to_come_and_more_of_it_more(
    told: Told, set_limit: SetLimit
) -> None:
    set_limit(limits.WEB_BODY_TIMEOUT, 0.05)
    assert (await Exchange(front(told)).answer())[0] == 408
    set_limit(limits.WEB_BODY_RATE, 10)
    exchange = Exchange(front(told))
    exchange.put(b"a" * 150)  # fifteen seconds
    await asyncio.sleep(0.1)
    exchange.put(b"", more=False)
    assert await exchange.answer() == (201, b"a" * 150)


async def test_a_body_is_bounded(told: Told, set_limit: SetLimit) -> None:
    set_limit(limits.WEB_BODY, 10)
    exchange = Exchange(front(told))
    exchange.put(b"a" * 10, more=False)
    assert await exchange.answer() == (201, b"a" * 10)
    exchange = Exchange(front(told))
    exchange.put(b"a" * 11)
    assert (await exchange.answer())[0] == 413
    assert (b"connection", b"close") in exchange.sent[0]["headers"]


async def test_below_api_a_refusal_has_the_form_of_every_error_there(
    told: Told, set_limit: SetLimit
) -> None:
    set_limit(limits.WEB_BODY, 10)
    exchange = Exchange(front(told), raw_path=b"/api/v1/mailboxes")
    exchange.put(b"a" * 11)
    status, body = await exchange.answer()
    problem = json.loads(body)
    assert (status, problem["status"], problem["detail"]) == (
        413,
        413,
        "A request has at most 10 octets.",
    )
    assert problem["type"] == "/api/v1/docs/problems#too-large"
    assert (b"content-type", b"application/problem+json") in exchange.sent[0]["headers"]
    set_limit(limits.WEB_BODY_TIMEOUT, 0.05)
    slow = Exchange(front(told), raw_path=b"/api/v1/mailboxes")
    assert json.loads((await slow.answer())[1])["type"] == "/api/v1/docs/problems#too-slow"


async def test_a_body_that_says_itself_to_be_too_long_is_the_applications_to_refuse(
    told: Told, set_limit: SetLimit
) -> None:
    set_limit(limits.WEB_BODY, 10)
    exchange = Exchange(front(told), headers=[(b"content-length", b"11")])
    assert await exchange.answer() == (201, b"")
    assert told.environs[0]["CONTENT_LENGTH"] == "11"


async def test_large_bodies_wait_for_one_another_and_small_ones_for_nobody(
    told: Told, set_limit: SetLimit
) -> None:
    set_limit(limits.WEB_UPLOADING, SMALL)
    one = front(told)
    largest, second, small = (Exchange(one) for _ in range(3))
    largest.put(b"a" * (SMALL + 2))
    await asyncio.sleep(0)
    second.put(b"b" * (SMALL + 1))
    second.put(b"", more=False)
    small.put(b"c", more=False)
    assert await small.answer() == (201, b"c")
    assert not second.task.done()
    largest.put(b"", more=False)
    assert (await largest.answer())[0] == 201
    assert await second.answer() == (201, b"b" * (SMALL + 1))


async def test_the_worker_is_told_that_it_lives(told: Told) -> None:
    messages = iter(["lifespan.startup", "lifespan.shutdown"])
    sent: list[Any] = []

    async def receive() -> dict[str, str]:
        return {"type": next(messages)}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await front(told)({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_an_environment_is_as_pep_3333_has_it() -> None:
    headers = [
        (b"host", b"a"),
        (b"content-type", b"text/plain"),
        (b"x-two", b"1"),
        (b"x-two", b"\xe9"),
        (b"x_two", b"3"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
    ]
    environ = environ_of({**SCOPE, "headers": headers}, b"body")
    assert environ["PATH_INFO"].encode("latin-1") == b"/dav/\xc3\xa9\xff/a/b"
    assert (environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]) == ("192.0.2.1", "https")
    assert (environ["CONTENT_TYPE"], environ["HTTP_HOST"]) == ("text/plain", "a")
    assert (environ["HTTP_X_TWO"], environ["HTTP_COOKIE"]) == ("1,\xe9", "a=1; b=2")
    assert isinstance(environ["wsgi.input"], io.BytesIO)
