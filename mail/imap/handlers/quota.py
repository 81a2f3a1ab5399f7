"""GETQUOTA, GETQUOTAROOT and SETQUOTA (RFC 9208).

Every account is one quota root, by the name of its login, for all of its mailboxes: whoever puts a
message into another's mailbox does so at its owner's cost. Its one resource is STORAGE; messages
are not limited in number. Quotas are set by administrators, not over IMAP, so that QUOTASET is
not announced; RFC 2087 has SETQUOTA without it, and who tries is told.
"""

from functools import partial

from groupware.core import aio
from groupware.core.errors import NotFound
from groupware.core.quota import Quota, get_quota
from mail.imap import responses
from mail.imap.errors import Outcome, no, ok
from mail.imap.requests import GetQuota, Mailbox, SetQuota
from mail.imap.responses import Code, Spell
from mail.imap.session import Session
from mail.names import is_foreign, parse_foreign
from mail.places import find_place, list_granted_places


async def get_quota_of_root(session: Session, request: GetQuota) -> Outcome:
    """GETQUOTA (RFC 9208 §4.1.1)."""
    quota = await aio.read(find_root, session.account_id, request.root)
    session.write(responses.quota(quota.login, _storage(quota)))
    return ok("That is the quota.")


def find_root(account_id: int, name: str) -> Quota:
    """Return a quota root that an account may know of; raises `NotFound`.

    That is its own, and those of mailboxes that it may read (RFC 9208 §6).
    """
    own = get_quota(account_id)
    if name == own.login:
        return own
    for place in list_granted_places(account_id, "r"):
        foreign = parse_foreign(place.name)
        if foreign is not None and foreign.login == name:
            return get_quota(place.info.account_id)
    raise NotFound("There is no such quota root.")


async def get_quota_roots(session: Session, request: Mailbox) -> Outcome:
    """GETQUOTAROOT (RFC 9208 §4.1.2)."""
    render = partial(render_quota_root, spell=session.spell)
    session.write(await aio.read(render, session.account_id, request.name))
    return ok("That is the quota root.")


def render_quota_root(account_id: int, name: str, *, spell: Spell = responses.mailbox) -> bytes:
    """Return the quota root of a mailbox, which need not be there, and its QUOTA."""
    quota = get_quota(_owner_of(account_id, name))
    root = responses.quota_root(name, quota.login, spell=spell)
    return root + responses.quota(quota.login, _storage(quota))


def _owner_of(account_id: int, name: str) -> int:
    """Return whose quota a mailbox is under, or would be; raises `NotFound`, `NotAllowed`."""
    try:
        place = find_place(account_id, name)
    except NotFound:
        if is_foreign(name):
            raise
        return account_id
    place.require("r")
    return place.info.account_id


def _storage(quota: Quota) -> tuple[int, int] | None:
    """Return use and limit in units of 1,024 octets, begun ones counted; None without a limit."""
    return (-(-quota.used // 1024), -(-quota.limit // 1024)) if quota.limit else None


async def set_quota(_session: Session, _request: SetQuota) -> Outcome:
    """SETQUOTA (RFC 9208 §4.1.3), which nobody may do here."""
    return no("Quotas are set by an administrator.", Code.NOPERM)
