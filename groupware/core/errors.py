"""Outcomes that are nobody's bug; each protocol maps them in one table.

Three kinds of failure exist: a protocol error (the peer's fault, defined beside each parser),
a `GroupwareError` (here), and anything else, which is our bug.
"""

from groupware.core.sentences import Sentence


class GroupwareError(Exception):
    """An outcome with a text for a person: what happened and what to do.

    The text may be shown to the client; `detail` is for the log only. A text with places is given
    as a template and what fills them, so that a page can say it in another language:
    `NotFound("There is no domain {name}.", name=name)`. Where `str` is read it is English.
    """

    def __init__(self, message: str, *, detail: str = "", **values: object) -> None:
        self.message = Sentence(message, **values)
        super().__init__(self.message)
        self.detail = detail


class NotFound(GroupwareError):
    """What was named is not there, or may not be known to be there."""


class AlreadyExists(GroupwareError):
    """The name is taken."""


class NotAllowed(GroupwareError):
    """The rights do not reach this far."""


class Invalid(GroupwareError):
    """The request can never succeed as it is."""


class LimitExceeded(GroupwareError):
    """A named limit was reached."""


class OverQuota(GroupwareError):
    """The owner's quota does not hold what is to be stored."""


class TooLarge(GroupwareError):
    """The item is larger than the server takes."""


class DiskReserve(GroupwareError):
    """The disk is filled down to its reserve: nothing new is stored, reading goes on."""


class Busy(GroupwareError):
    """A lock was not had within its bounded wait; trying again later helps."""


class AuthenticationFailed(GroupwareError):
    """The credentials do not open a session."""


class Throttled(AuthenticationFailed):
    """Too many failed logins from this network; wait before the next."""


class Stale(GroupwareError):
    """What the caller holds was overtaken; read again."""
