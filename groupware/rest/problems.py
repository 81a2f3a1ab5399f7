"""Problems (RFC 9457): each kind of failure with its status and what a program may do about it. Pure.

The table is also the page that the `type` of a problem leads to.
"""

from dataclasses import dataclass
from typing import Any, Final

PAGE: Final = "/api/v1/docs/problems"
MEDIA_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of failure."""

    slug: str
    status: int
    title: str
    meaning: str

    @property
    def type(self) -> str:
        """The reference by which programs know it; it leads to its paragraph of the page."""
        return f"{PAGE}#{self.slug}"

    def told(self, detail: str) -> dict[str, Any]:
        """Return the members of its object, with what happened for a person."""
        return {"type": self.type, "title": self.title, "status": self.status, "detail": detail}


BAD_REQUEST: Final = Problem(
    "bad-request",
    400,
    "The request cannot be read",
    "The body is no JSON, or a header field is not in its form. Correct the program.",
)
UNAUTHENTICATED: Final = Problem(
    "unauthenticated",
    401,
    "Nobody is signed in",
    "Send a bearer token, or an address with an app password; what was sent opens nothing.",
)
NOT_ALLOWED: Final = Problem(
    "not-allowed",
    403,
    "The rights do not reach this far",
    "What is named may be seen and not be changed so, or the token lacks a scope; the text says which.",
)
NOT_FOUND: Final = Problem(
    "not-found",
    404,
    "There is no such thing",
    "It never was, is gone, or may not be known: these are answered alike.",
)
METHOD_NOT_ALLOWED: Final = Problem(
    "method-not-allowed", 405, "The method is not for this URL", "`Allow` names those that are."
)
NOT_ACCEPTABLE: Final = Problem(
    "not-acceptable", 406, "Nothing is served in that form", "Accept `application/json`."
)
TOO_SLOW: Final = Problem(
    "too-slow",
    408,
    "The request took too long to come",
    "Its body did not come in time. Nothing was done: send it again on a better connection.",
)
CONFLICT: Final = Problem(
    "conflict",
    409,
    "The name is taken",
    "Something with that name is there already: choose another, or change what is there.",
)
STILL_AT_WORK: Final = Problem(
    "still-at-work",
    409,
    "The outcome of that request is not known yet",
    "A request with this idempotency key is at work, or was cut off by a crash. Wait and send it"
    " again; where it stays so, look whether it was done, and send it anew with another key.",
)
PARTLY_DONE: Final = Problem(
    "partly-done",
    409,
    "A part of that request was done",
    "The request with this idempotency key was stopped after something was written. Look what was"
    " done, and send what is left with another key.",
)
TOLD_ONCE: Final = Problem(
    "told-once",
    409,
    "That was done, and its answer is told once",
    "The request with this idempotency key succeeded. Its answer held a secret, which is kept nowhere."
    " If it never came, take back what was made, and ask for another with another key.",
)
PROOF_WANTED: Final = Problem(
    "proof-wanted",
    403,
    "Prove that it is you",
    "This opens the account, so a token or an app password is not enough. Send your own `password` in"
    " the body, with a `code` where a second factor is on, or do it in a browser that signed in a"
    " moment ago. The text says what is missing or wrong.",
)
STATE_EXPIRED: Final = Problem(
    "state-expired",
    410,
    "What changed since then cannot be told",
    "The state is too old, is another list's, or what is shared changed since: list anew without"
    " `since`.",
)
STALE: Final = Problem(
    "stale",
    412,
    "It was changed meanwhile",
    "Nothing was written. Read it again, decide anew, and write with the new entity tag.",
)
TOO_LARGE: Final = Problem(
    "too-large", 413, "It is larger than the server takes", "The text names the limit."
)
UNSUPPORTED_MEDIA_TYPE: Final = Problem(
    "unsupported-media-type", 415, "The body is in no form that is read here", "Send JSON."
)
INVALID: Final = Problem(
    "invalid",
    422,
    "The request can never succeed as it is",
    "`errors` names each value that is wrong by a JSON pointer, where it is a value that is wrong.",
)
KEY_REUSED: Final = Problem(
    "key-reused",
    422,
    "The idempotency key belongs to another request",
    "A key is for one request and its repetitions, octet for octet: draw a new one.",
)
LIMIT_EXCEEDED: Final = Problem(
    "limit-exceeded", 422, "A limit was reached", "The text names it; an administrator may move it."
)
CONDITION_REQUIRED: Final = Problem(
    "condition-required",
    428,
    "Say which state the change is for",
    "Send `If-Match` with the entity tag of what was read, or `*` to write over whatever is there.",
)
TOO_MANY_REQUESTS: Final = Problem(
    "too-many-requests", 429, "Too many requests", "Wait as long as `Retry-After` says."
)
INTERNAL: Final = Problem(
    "internal",
    500,
    "The server failed",
    "That is a fault of the server, and in its log. Whether anything was done is not known.",
)
BUSY: Final = Problem(
    "busy",
    503,
    "The server is busy",
    "Nothing was done. Send it again after `Retry-After` seconds.",
)
NO_ROOM: Final = Problem(
    "no-room",
    507,
    "There is no room",
    "A quota or the disk is full: nothing was stored. Deleting goes on.",
)

PROBLEMS: Final = (
    BAD_REQUEST,
    UNAUTHENTICATED,
    NOT_ALLOWED,
    PROOF_WANTED,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    NOT_ACCEPTABLE,
    TOO_SLOW,
    CONFLICT,
    STILL_AT_WORK,
    PARTLY_DONE,
    TOLD_ONCE,
    STATE_EXPIRED,
    STALE,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    INVALID,
    KEY_REUSED,
    LIMIT_EXCEEDED,
    CONDITION_REQUIRED,
    TOO_MANY_REQUESTS,
    INTERNAL,
    BUSY,
    NO_ROOM,
)
