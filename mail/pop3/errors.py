"""Which response each outcome of a service is (RFC 2449 §8, RFC 3206)."""

from collections.abc import Mapping
from typing import Final

from groupware.core import errors
from mail.pop3.responses import Code, err
from mail.services.pop3 import TooSoon

CODES: Final[Mapping[type[errors.GroupwareError], Code]] = {
    TooSoon: Code.LOGIN_DELAY,
    errors.Throttled: Code.SYS_TEMP,
    errors.AuthenticationFailed: Code.AUTH,
    errors.Busy: Code.SYS_TEMP,
    errors.DiskReserve: Code.SYS_TEMP,
    errors.OverQuota: Code.SYS_TEMP,
    errors.Stale: Code.SYS_TEMP,
    errors.NotFound: Code.SYS_PERM,
    errors.LimitExceeded: Code.SYS_PERM,
}


def response_to(error: errors.GroupwareError) -> bytes:
    """Return the response of an outcome, by its class or the nearest one above it."""
    for kind in type(error).__mro__:
        if kind in CODES:
            return err(error.message, CODES[kind])
    return err(error.message)
