"""Asking rspamd by its HTTP protocol, where `GROUPWARE_RSPAMD_URL` names one: docs/adr/0044.

The address is that of its controller, which checks and learns. Where it is away, mail is taken
unchecked. What another server's filter has written is not believed: its fields are removed.
"""

import json
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
from django.conf import settings

from groupware.core import limits
from groupware.core.clock import monotonic
from groupware.core.errors import Busy
from mail.authentication.results import remove_fields

FIELDS = (
    b"x-spam",
    b"x-spam-flag",
    b"x-spam-level",
    b"x-spam-score",
    b"x-spam-status",
    b"x-spamd-result",
    b"x-spamd-bar",
    b"x-rspamd-action",
    b"x-rspamd-score",
)
"""What filters write that somebody's rules may go by."""
MAX_ANSWER = 1 << 20
_TOO_MANY = 429
MAX_RECIPIENTS = 100
"""Recipients that are told to rspamd."""
_PIECE = 64 << 10
_JUNK = frozenset({"add header", "rewrite subject"})
# "greylist" alone is what is left where its greylisting is turned off: nobody would ever let it in.
_LATER = "soft reject"
_REFUSED = {
    401: "The spam filter refuses the password in GROUPWARE_RSPAMD_URL (HTTP 401).",
    403: "The spam filter refuses the password in GROUPWARE_RSPAMD_URL (HTTP 403).",
}

log = structlog.get_logger(__name__)


class Away(Busy):
    """rspamd does not answer as it should."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What rspamd wants to know of a transaction beside the message."""

    peer: str = ""
    helo: str = ""
    mail_from: str = ""
    recipients: tuple[str, ...] = ()
    user: str = ""
    queue_id: str = ""


@dataclass(frozen=True, slots=True)
class SpamVerdict:
    """What is to be done: `defer` (451 4.7.1), or take it, perhaps as Junk.

    `reject` is set beside `is_junk` where the filter would have it refused; `header` are the fields
    to put before the message, none where nobody was asked.
    """

    is_junk: bool = False
    reject: bool = False
    defer: bool = False
    header: bytes = b""


def is_configured() -> bool:
    """Tell whether there is anybody to ask."""
    return bool(settings.GROUPWARE_RSPAMD_URL)


def remove_foreign(data: bytes) -> bytes:
    """Return a message without what another filter, or a forger, has said of it."""
    return remove_fields(data, FIELDS) if is_configured() else data


def check(data: bytes, origin: Origin) -> SpamVerdict:
    """Ask about a message; blocks for `RSPAMD_TIMEOUT` at most, raises nothing."""
    if not is_configured():
        return SpamVerdict()
    try:
        _, answer = _ask("/checkv2", data, _describe(origin))
        action, score = str(answer["action"]), float(answer["score"])
        required = float(answer.get("required_score", 0))
    except (Away, KeyError, TypeError, ValueError) as error:
        log.warning("spam filter away", error=str(error))
        return SpamVerdict()
    if action == _LATER:
        return SpamVerdict(defer=True)
    is_junk = action in _JUNK or action == "reject"
    word = "Yes" if is_junk else "No"
    header = (
        f"X-Spam: {word}\r\nX-Spam-Status: {word}, score={score:.2f} required={required:.2f}\r\n"
    )
    return SpamVerdict(is_junk=is_junk, reject=action == "reject", header=header.encode("ascii"))


def learn(data: bytes, *, is_spam: bool) -> None:
    """Teach a message; what is known already, or teaches nothing, is no failure. Raises `Away`."""
    _, answer = _ask("/learnspam" if is_spam else "/learnham", data, [])
    if "error" in answer:
        log.info("not learned", is_spam=is_spam, reason=str(answer["error"])[:500])


def ping(seconds: float) -> bool:
    """Tell whether rspamd answers; raises `TimeoutError`."""
    parts = urlsplit(settings.GROUPWARE_RSPAMD_URL)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=seconds)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().status == HTTPStatus.OK
    except TimeoutError:
        raise
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _describe(origin: Origin) -> list[tuple[str, str]]:
    one = origin.recipients[0] if len(origin.recipients) == 1 else ""
    named = [
        ("IP", origin.peer),
        ("Helo", origin.helo),
        ("From", origin.mail_from),
        ("User", origin.user),
        ("Queue-Id", origin.queue_id),
        ("Deliver-To", one),
        *(("Rcpt", recipient) for recipient in origin.recipients[:MAX_RECIPIENTS]),
    ]
    return [(name, _plain(value)) for name, value in named if value]


def _plain(value: str) -> str:
    """Return UTF-8 as a header carries it, nothing in it that could end the line."""
    kept = "".join(char for char in value[:1_000] if char >= " " and char != "\x7f")
    return kept.encode("utf-8", "replace").decode("latin-1")


def _ask(path: str, data: bytes, headers: list[tuple[str, str]]) -> tuple[int, dict[str, Any]]:
    """Post a message; return status and answer, soon after the deadline at the latest, or `Away`."""
    parts = urlsplit(settings.GROUPWARE_RSPAMD_URL)
    seconds = float(limits.RSPAMD_TIMEOUT.value)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=seconds)
    if parts.password:
        headers = [*headers, ("Password", unquote(parts.password))]
    try:
        status, body = _post(connection, path, data, headers, monotonic() + seconds)
        # Of a refusal only its number counts: what it says may be of a proxy, or not be JSON.
        answer = json.loads(body or b"{}") if status not in _REFUSED else {}
    except (OSError, HTTPException, ValueError, RecursionError) as error:
        detail = f"{type(error).__name__}: {error}"
        raise Away("The spam filter does not answer.", detail=detail) from error
    finally:
        connection.close()
    if status in _REFUSED:
        raise Away(_REFUSED[status])
    if not isinstance(answer, dict) or status == _TOO_MANY or status >= 500:
        detail = f"HTTP {status} {answer}"[:500]
        raise Away(f"The spam filter does not answer as it should (HTTP {status}).", detail=detail)
    return status, answer


def _post(
    connection: HTTPConnection,
    path: str,
    data: bytes,
    headers: list[tuple[str, str]],
    deadline: float,
) -> tuple[int, bytes]:
    connection.putrequest("POST", path, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(data)))
    connection.endheaders(data)
    response = connection.getresponse()
    received = bytearray()
    while piece := response.read1(_PIECE):
        received += piece
        if monotonic() > deadline or len(received) > MAX_ANSWER:
            raise Away("The spam filter's answer takes too long.")
    return response.status, bytes(received)
