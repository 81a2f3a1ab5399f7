"""Which reply each outcome of a service is."""

from collections.abc import Mapping
from typing import Final

from groupware.core import errors
from mail.refusals import Refused
from mail.smtp.responses import BUG, Reply, reply

CODES: Final[Mapping[type[errors.GroupwareError], tuple[int, str]]] = {
    errors.NotFound: (550, "5.1.1"),
    errors.OverQuota: (452, "4.2.2"),
    errors.DiskReserve: (452, "4.3.1"),
    errors.Busy: (451, "4.3.0"),
    errors.Stale: (451, "4.3.0"),
    errors.TooLarge: (552, "5.3.4"),
    errors.Invalid: (554, "5.6.0"),
    errors.NotAllowed: (550, "5.7.1"),
    errors.LimitExceeded: (452, "4.5.3"),
    errors.Throttled: (454, "4.7.0"),
    errors.AuthenticationFailed: (535, "5.7.8"),
}


def reply_of(error: errors.GroupwareError) -> Reply:
    """Return the reply that tells the peer of an outcome, by its class or the nearest above it."""
    if isinstance(error, Refused):
        return reply(error.code, error.status, error.message)
    for kind in type(error).__mro__:
        if kind in CODES:
            return reply(*CODES[kind], error.message)
    return BUG
