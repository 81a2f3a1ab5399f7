"""Commands about mailboxes that are not open: LIST, STATUS, CREATE and their like."""

from collections.abc import Callable, Iterable

from groupware.core import aio
from groupware.core.errors import NotFound
from mail import queries
from mail.imap import responses
from mail.imap.errors import Outcome, bad, ok
from mail.imap.patterns import Pattern
from mail.imap.requests import List, Mailbox, Rename, Status, StatusItem
from mail.imap.session import Session
from mail.names import DELIMITER, canonical_name, superiors
from mail.services import mailboxes


async def list_mailboxes(session: Session, request: List) -> Outcome:
    """LIST (RFC 3501 §6.3.8), with RFC 3348 and RFC 6154 attributes."""
    return await _list(session, request, "LIST", render_list)


async def list_subscribed(session: Session, request: List) -> Outcome:
    """LSUB (RFC 3501 §6.3.9)."""
    return await _list(session, request, "LSUB", render_subscribed)


async def _list(
    session: Session, request: List, command: str, render: Callable[[int, Pattern], bytes]
) -> Outcome:
    if not request.pattern:
        # A question for the delimiter; the root of the reference is empty here.
        session.write(responses.listing(command, ["\\Noselect"], ""))
        return ok("Listed.")
    try:
        pattern = Pattern(request.reference, request.pattern)
    except ValueError as error:
        return bad(str(error))
    session.write(await aio.read(render, session.account_id, pattern))
    return ok("Listed.")


def render_list(account_id: int, pattern: Pattern) -> bytes:
    """Return the LIST responses of the mailboxes that match."""
    infos = queries.list_mailboxes(account_id)
    parents = {name.rpartition(DELIMITER)[0] for name in (info.name for info in infos)}
    return b"".join(
        responses.listing("LIST", _attributes(info, parents), info.name)
        for info in infos
        if pattern.matches(info.name)
    )


def _attributes(info: queries.MailboxInfo, parents: set[str]) -> list[str]:
    found = [] if info.selectable else ["\\Noselect"]
    found.append("\\HasChildren" if info.name in parents else "\\HasNoChildren")
    if info.special_use:
        found.append(f"\\{info.special_use}")
    return found


def render_subscribed(account_id: int, pattern: Pattern) -> bytes:
    r"""Return the LSUB responses of the names that match.

    A name above a subscribed one that the pattern stops short of is told with \Noselect.
    """
    names = queries.list_subscriptions(account_id)
    listed = {name: () for name in names if pattern.matches(name)}
    above = _unsubscribed_superiors(set(names), [name for name in names if name not in listed])
    found: dict[str, tuple[str, ...]] = {
        **dict.fromkeys(filter(pattern.matches, above), ("\\Noselect",)),
        **listed,
    }
    return b"".join(
        responses.listing("LSUB", attributes, name) for name, attributes in sorted(found.items())
    )


def _unsubscribed_superiors(subscribed: set[str], names: Iterable[str]) -> set[str]:
    return {above for name in names for above in superiors(name)} - subscribed


async def create(session: Session, request: Mailbox) -> Outcome:
    """CREATE (RFC 3501 §6.3.3)."""
    await aio.write(mailboxes.create_mailbox, session.account_id, request.name)
    return ok("Created.")


async def delete(session: Session, request: Mailbox) -> Outcome:
    """DELETE (RFC 3501 §6.3.4); a session that deletes the mailbox it has open closes it."""

    def service() -> int:
        info = queries.get_mailbox(session.account_id, canonical_name(request.name))
        mailboxes.delete_mailbox(session.account_id, request.name)
        return info.collection_id

    deleted = await aio.write(service)
    if session.view is not None and session.view.identity.collection_id == deleted:
        session.view = None
    return ok("Deleted.")


async def rename(session: Session, request: Rename) -> Outcome:
    """RENAME (RFC 3501 §6.3.5)."""
    await aio.write(mailboxes.rename_mailbox, session.account_id, request.old, request.new)
    return ok("Renamed.")


async def subscribe(session: Session, request: Mailbox) -> Outcome:
    """SUBSCRIBE (RFC 3501 §6.3.6)."""
    await aio.write(mailboxes.subscribe, session.account_id, request.name)
    return ok("Subscribed.")


async def unsubscribe(session: Session, request: Mailbox) -> Outcome:
    """UNSUBSCRIBE (RFC 3501 §6.3.7)."""
    await aio.write(mailboxes.unsubscribe, session.account_id, request.name)
    return ok("Unsubscribed.")


async def status(session: Session, request: Status) -> Outcome:
    """STATUS (RFC 3501 §6.3.10); asking for HIGHESTMODSEQ enables CONDSTORE (RFC 7162 §3.1)."""
    info = await aio.read(queries.get_mailbox, session.account_id, request.mailbox)
    if not info.selectable:
        raise NotFound("The mailbox cannot be selected.")
    if StatusItem.HIGHESTMODSEQ in request.items:
        session.enable_condstore()
    values = {
        StatusItem.MESSAGES: info.items,
        StatusItem.RECENT: 0,
        StatusItem.UIDNEXT: info.uid_next,
        StatusItem.UIDVALIDITY: info.uid_validity,
        StatusItem.UNSEEN: info.unseen,
        StatusItem.HIGHESTMODSEQ: info.highest_modseq,
        StatusItem.APPENDLIMIT: session.shared.limits.message_limit,
    }
    session.write(responses.status(request.mailbox, {item: values[item] for item in request.items}))
    return ok("That is the status.")
