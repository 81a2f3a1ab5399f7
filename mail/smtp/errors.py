"""Which reply each outcome of a service is."""

from groupware.core.errors import (
    Busy,
    DiskReserve,
    GroupwareError,
    Invalid,
    LimitExceeded,
    NotAllowed,
    NotFound,
    OverQuota,
    TooLarge,
)
from mail.smtp.responses import BUG, Reply, reply

_CODES: dict[type[GroupwareError], tuple[int, str]] = {
    NotFound: (550, "5.1.1"),
    OverQuota: (452, "4.2.2"),
    DiskReserve: (452, "4.3.1"),
    Busy: (451, "4.3.0"),
    TooLarge: (552, "5.3.4"),
    Invalid: (554, "5.6.0"),
    NotAllowed: (550, "5.7.1"),
    LimitExceeded: (452, "4.5.3"),
}


def reply_of(error: GroupwareError) -> Reply:
    """Return the reply that tells the peer of an outcome."""
    code = _CODES.get(type(error))
    return reply(*code, error.message) if code else BUG
