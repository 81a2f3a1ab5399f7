"""Commands that change which mailboxes there are: CREATE, DELETE, RENAME and subscriptions."""

from groupware.core import aio
from groupware.core.errors import Invalid
from mail import queries
from mail.imap import responses
from mail.imap.errors import Outcome, ok
from mail.imap.requests import Create, Mailbox, Rename
from mail.imap.session import Session
from mail.names import DELIMITER
from mail.places import canonical_place_name, find_new_name, find_place
from mail.services import mailboxes


async def create(session: Session, request: Create) -> Outcome:
    """CREATE (RFC 3501 §6.3.3), also for a special use (RFC 6154 §3); tells the MAILBOXID."""
    use = _take_use(request.uses)

    def service() -> queries.MailboxInfo:
        owner, name = find_new_name(session.account_id, request.name)
        if use and owner != session.account_id:
            raise mailboxes.UseRefused("Special uses are for mailboxes of your own.")
        return mailboxes.create_mailbox(owner, name, use)

    created = await aio.write(service)
    _tell_old_name(session, request.name.removesuffix(DELIMITER), request.denormalized)
    return ok("Created.", responses.code_mailbox_id(created.object_id))


def _take_use(uses: tuple[str, ...]) -> str:
    if len(uses) > 1:
        raise mailboxes.UseRefused("A mailbox has one special use at most.")
    return uses[0] if uses else ""


async def delete(session: Session, request: Mailbox) -> Outcome:
    """DELETE (RFC 3501 §6.3.4); a session that deletes the mailbox it has open closes it."""

    def service() -> int:
        place = find_place(session.account_id, request.name)
        place.require("x")
        mailboxes.delete_mailbox(place.info.account_id, place.info.name)
        return place.info.collection_id

    deleted = await aio.write(service)
    if session.view is not None and session.view.identity.collection_id == deleted:
        session.leave_mailbox()
    _tell_old_name(session, request.name, request.denormalized, "\\NonExistent")
    return ok("Deleted.")


async def rename(session: Session, request: Rename) -> Outcome:
    """RENAME (RFC 3501 §6.3.5), in one account: the rights to it hang on the mailbox."""

    def service() -> None:
        place = find_place(session.account_id, request.old)
        place.require("x")
        owner, name = find_new_name(session.account_id, request.new)
        if owner != place.info.account_id:
            raise Invalid("A mailbox stays in its account: copy the messages instead.")
        mailboxes.rename_mailbox(owner, place.info.name, name)

    await aio.write(service)
    _tell_old_name(session, request.new.removesuffix(DELIMITER), request.denormalized)
    return ok("Renamed.")


def _tell_old_name(session: Session, name: str, old_name: str, *attributes: str) -> None:
    """Tell a client of IMAP4rev2 that a name is another than it said (RFC 9051 §6.3.9.7)."""
    if old_name and session.rev2:
        item = responses.old_name(old_name.removesuffix(DELIMITER), session.spell)
        line = responses.listing("LIST", attributes, name, extended=item, spell=session.spell)
        session.write(line)


async def subscribe(session: Session, request: Mailbox) -> Outcome:
    """SUBSCRIBE (RFC 3501 §6.3.6)."""
    await aio.write(mailboxes.subscribe, session.account_id, canonical_place_name(request.name))
    return ok("Subscribed.")


async def unsubscribe(session: Session, request: Mailbox) -> Outcome:
    """UNSUBSCRIBE (RFC 3501 §6.3.7)."""
    await aio.write(mailboxes.unsubscribe, session.account_id, canonical_place_name(request.name))
    return ok("Unsubscribed.")
