"""Senders of what is forwarded: rewritten on the way out, found again when a bounce comes back."""

from django.conf import settings

from groupware.core import keys
from groupware.core.clock import epoch
from groupware.core.errors import NotFound
from mail.flow import srs
from mail.routing import is_local_domain

DAY = 86_400


def rewrite_sender(mail_from: str, domain: str) -> str:
    """Return what MAIL FROM of a forwarded message is to say, in the domain that forwards it.

    The null sender stays, and so do senders of domains that are ours: this server may send for
    them, and a bounce reaches them without a detour.
    """
    if not mail_from or is_local_domain(mail_from.rpartition("@")[2]):
        return mail_from
    return srs.rewrite(mail_from, domain, _secret(), _today())


def find_sender(address: str) -> str | None:
    """Return whom a rewritten address of a domain of ours leads back to, None for any other.

    Raises `NotFound` for one that was not made here, or too long ago.
    """
    if not srs.is_rewritten(address) or not is_local_domain(address.rpartition("@")[2]):
        return None
    try:
        return srs.restore(address, _secret(), _today())
    except srs.SrsError as error:
        raise NotFound("There is no such recipient here.", detail=f"srs: {error}") from error


def _secret() -> str:
    return keys.load_secret(settings.GROUPWARE_DATA, "srs")


def _today() -> int:
    return epoch() // DAY
