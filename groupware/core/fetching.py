"""Fetching what lies at an address on the web, for people: bounded, and from public hosts alone.

Each hop's host is dialled as `groupware.core.dialing` does it, which says what is refused and why.
"""

import http.client
import ssl
import zlib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from groupware.core.clock import monotonic
from groupware.core.dialing import Unreachable, dial, watched
from groupware.core.errors import Invalid

MAX_URL = 2_000
MAX_REDIRECTS = 5
MAX_ETAG = 255
AGENT = "groupware"
_PIECE = 64 << 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PORTS = {"http": 80, "https": 443}
_ALIASES = {"webcal": "https", "webcals": "https"}
_UNQUOTED = "%/:?#[]@!$&'()*+,;=~"


class FetchFailed(Invalid):
    """Nothing came; the text says why and is for the person who wrote the address."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came; `data` is None where it is still what `etag` stands for (304)."""

    data: bytes | None
    etag: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may come, and within how many seconds, all hops together."""

    octets: int
    seconds: float
    redirects: int = MAX_REDIRECTS


def check_url(url: str) -> str:
    """Return an address as it is fetched; raises `FetchFailed` for one that never can be."""
    return _parse(url).geturl()


def fetch(url: str, bounds: Bounds, *, etag: str = "", accept: str = "*/*") -> Fetched:
    """Fetch an address, along its redirects; raises `FetchFailed` and nothing else.

    `etag` is that of what is known already. Blocks for at most the seconds of the bounds, and as
    long as the resolver may take beside them.
    """
    deadline = monotonic() + bounds.seconds
    headers = {"User-Agent": AGENT, "Accept": accept, "Accept-Encoding": "gzip"}
    if etag:
        headers["If-None-Match"] = etag
    target = _parse(url)
    for _ in range(bounds.redirects + 1):
        answer = _ask(target, headers, bounds, deadline)
        if isinstance(answer, Fetched):
            return answer
        following = _parse(answer)
        if (target.scheme, following.scheme) == ("https", "http"):
            raise FetchFailed("It leads from an encrypted address to one that is not.")
        target = following
    raise FetchFailed(f"It leads on more than {bounds.redirects} times.")


def _parse(url: str) -> SplitResult:
    url = url.strip()
    if any(ord(char) <= 32 or ord(char) == 127 for char in url):
        raise FetchFailed("The address holds spaces or control characters.")
    try:
        found = urlsplit(url)
        found = found._replace(scheme=_ALIASES.get(found.scheme, found.scheme), fragment="")
        port = found.port
    except ValueError:
        raise FetchFailed("The address cannot be read.") from None
    if found.scheme not in _PORTS:
        raise FetchFailed("The address begins with http:// or https://, nothing else.")
    if len(url) > MAX_URL or not found.hostname or port == 0:
        raise FetchFailed("The address cannot be read.")
    return found


def _ask(
    target: SplitResult, headers: dict[str, str], bounds: Bounds, deadline: float
) -> Fetched | str:
    """Return what a host answers, or the address that it leads to."""
    try:
        with _connected(target, deadline) as connection:
            connection.request("GET", _path(target), headers=headers | _credentials(target))
            with closing(connection.getresponse()) as answer:
                return _take(target, headers, answer, bounds)
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or "it broke off"
        raise FetchFailed(f"{target.hostname} could not be spoken to by TLS: {reason}.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = "took too long" if monotonic() >= deadline else "broke off"
        raise FetchFailed(
            f"The connection to {target.hostname} {why}.", detail=repr(error)
        ) from error


def _take(
    target: SplitResult, headers: dict[str, str], answer: http.client.HTTPResponse, bounds: Bounds
) -> Fetched | str:
    location = answer.headers["Location"]
    if answer.status in _REDIRECTS and location:
        return urljoin(target.geturl(), str(location))
    if answer.status == 304 and "If-None-Match" in headers:
        return Fetched(None, headers["If-None-Match"])
    if answer.status != 200:
        meaning = http.client.responses.get(answer.status, "which means nothing")
        raise FetchFailed(f"{target.hostname} answers {answer.status}, {meaning}.")
    etag = str(answer.headers.get("ETag", ""))
    # PostgreSQL keeps no NUL, and a folded line is no header of a request.
    is_usable = len(etag) <= MAX_ETAG and etag.isprintable()
    return Fetched(_read(answer, bounds.octets), etag if is_usable else "")


def _path(target: SplitResult) -> str:
    path = quote(target.path or "/", safe=_UNQUOTED)
    return f"{path}?{quote(target.query, safe=_UNQUOTED)}" if target.query else path


def _credentials(target: SplitResult) -> dict[str, str]:
    if target.username is None:
        return {}
    pair = f"{unquote(target.username)}:{unquote(target.password or '')}"
    return {"Authorization": "Basic " + b64encode(pair.encode()).decode()}


@contextmanager
def _connected(target: SplitResult, deadline: float) -> Iterator[http.client.HTTPConnection]:
    """Yield a connection to the target that ends at the deadline, whatever the peer does."""
    host = target.hostname or ""
    try:
        sock = dial(host, target.port or _PORTS[target.scheme], deadline)
    except Unreachable as error:
        raise FetchFailed(error.message) from error
    with watched(sock, deadline):
        try:
            if target.scheme == "https":
                sock = ssl.create_default_context().wrap_socket(sock, server_hostname=host)
            with closing(http.client.HTTPConnection(host, target.port)) as connection:
                connection.sock = sock
                yield connection
            # An answer without a length ends with its connection: then it was cut off, and not whole.
            if monotonic() >= deadline:
                raise TimeoutError
        finally:
            sock.close()


def _read(response: http.client.HTTPResponse, most: int) -> bytes:
    """Return the body, unpacked; refuses one that is too large before it is held."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", "x-gzip", ""}:
        raise FetchFailed(f"It comes packed by {encoding[:20]}, which was not asked for.")
    unpacker = zlib.decompressobj(31) if "gzip" in encoding else None
    parts: list[bytes] = []
    size = 0
    while piece := response.read(_PIECE):
        if unpacker is not None:
            piece = _unpack(unpacker, piece, most - size + 1)
        size += len(piece)
        if size > most:
            raise FetchFailed(f"It is larger than {most} octets.")
        parts.append(piece)
    if response.length or (unpacker is not None and not unpacker.eof):
        raise FetchFailed("It is cut off.")
    return b"".join(parts)


def _unpack(unpacker: Any, piece: bytes, room: int) -> bytes:
    try:
        return bytes(unpacker.decompress(piece, room))
    except zlib.error:
        raise FetchFailed("It is packed, and damaged.") from None
