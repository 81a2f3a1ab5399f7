r"""SETACL, DELETEACL, GETACL, LISTRIGHTS and MYRIGHTS (RFC 4314).

An identifier is the login of an account, the address of a group, or a domain; `anyone` is the
domain of the mailbox's owner, since nobody beyond it is to be reached by a word. What is granted on
the whole account counts on each mailbox and is shown there, and cannot be taken away there.
Negative rights (`-name`) are refused: the rights of all who hold somebody add up.
"""

from typing import Final

from groupware.core import aio, rights
from groupware.core.errors import Invalid, NotFound
from groupware.core.models import Account, Collection, Domain
from groupware.core.rights import LETTERS, Grantee, Rights, expand_obsolete, with_obsolete
from mail.imap import responses
from mail.imap.errors import Outcome, Refused, no, ok
from mail.imap.requests import Identified, Mailbox, RightsChange, SetAcl
from mail.imap.responses import Code
from mail.imap.session import Session
from mail.places import Place, find_place

ANYONE: Final = "anyone"


async def set_acl(session: Session, request: SetAcl) -> Outcome:
    """SETACL (§3.1)."""
    await aio.write(change_acl, session.account_id, request)
    return ok("Granted.")


async def delete_acl(session: Session, request: Identified) -> Outcome:
    """DELETEACL (§3.2): there is nothing to take away where nothing is granted."""
    nothing = SetAcl(request.name, request.identifier, RightsChange.REPLACE, "")
    await aio.write(change_acl, session.account_id, nothing)
    return ok("Taken away.")


def change_acl(account_id: int, request: SetAcl) -> None:
    """Change a grant, unless the right to do so is taken away at the same moment."""
    place = _find_administered(account_id, request.name)
    owner = Account.objects.select_related("domain").get(pk=place.info.account_id)
    grantee = find_identified(owner, request.identifier)

    def change(held: Rights) -> Rights:
        _find_administered(account_id, request.name)  # again, under the owner's lock
        everywhere = _letters_everywhere(owner, grantee)
        letters = change_letters(held.letters, request.change, request.letters)
        if lost := _lost(everywhere, letters, request):
            raise Invalid(f"The rights '{lost}' are granted on the whole account: they stay here.")
        return rights.make_rights(letters, held.named)

    collection = Collection.objects.get(pk=place.info.collection_id)
    rights.change_grant(owner, collection, grantee, change)


def change_letters(held: str, change: RightsChange, letters: str) -> str:
    """Return the letters after a SETACL."""
    letters = expand_obsolete(letters)
    if change is RightsChange.ADD:
        return held + letters
    if change is RightsChange.REMOVE:
        return "".join(letter for letter in held if letter not in letters)
    return letters


def _lost(everywhere: str, letters: str, request: SetAcl) -> str:
    """Return what was to be taken away here although it is granted everywhere."""
    if request.change is RightsChange.ADD:
        return ""
    if request.change is RightsChange.REMOVE:
        gone = set(expand_obsolete(request.letters))
        return "".join(letter for letter in everywhere if letter in gone)
    return "".join(letter for letter in everywhere if letter not in letters)


def _find_administered(account_id: int, name: str) -> Place:
    place = find_place(account_id, name)
    place.require("la")  # who may not list a mailbox is told nothing by these commands (§6)
    return place


def find_identified(owner: Account, identifier: str) -> Grantee:
    """Return whom an identifier means; raises `Refused` for nobody, `Invalid` for the owner."""
    if identifier.startswith("-"):
        raise Refused(no("Rights are given here, and none are denied.", Code.CANNOT))
    if identifier == ANYONE:
        return owner.domain
    try:
        grantee = rights.find_grantee(identifier)
    except (NotFound, Invalid):
        text = "Nobody has that name: write an address, a domain, or anyone."
        raise Refused(no(text, Code.NONEXISTENT)) from None
    return grantee


def _letters_everywhere(owner: Account, grantee: Grantee) -> str:
    held = rights.find_grant(owner, None, grantee)
    return rights.rights_of(held).letters if held is not None else ""


async def get_acl(session: Session, request: Mailbox) -> Outcome:
    """GETACL (§3.3)."""
    entries = await aio.read(_read_acl, session.account_id, request.name)
    session.write(responses.acl(request.name, entries, spell=session.spell))
    return ok("That is who may do what.")


def _read_acl(account_id: int, name: str) -> dict[str, str]:
    """Return the letters by identifier, the owner first."""
    place = _find_administered(account_id, name)
    owner = Account.objects.get(pk=place.info.account_id)
    entries = {owner.login: LETTERS}
    for held in rights.list_grants(owner.pk):
        if held.rights and held.collection_id in {None, place.info.collection_id}:
            grantee = held.grantee_account or held.grantee_group or held.grantee_domain
            identifier = _identifier_of(owner, grantee)
            entries[identifier] = entries.get(identifier, "") + held.rights
    return {
        who: with_obsolete(rights.make_rights(letters).letters) for who, letters in entries.items()
    }


def _identifier_of(owner: Account, grantee: object) -> str:
    if isinstance(grantee, Domain) and grantee.pk == owner.domain_id:
        return ANYONE
    return str(grantee)


async def list_rights(session: Session, request: Identified) -> Outcome:
    """LISTRIGHTS (§3.4): the owner always has all, anybody else can be given each by itself."""
    is_owner = await aio.read(_is_owner, session.account_id, request)
    required, optional = (with_obsolete(LETTERS), "") if is_owner else ("", with_obsolete(LETTERS))
    session.write(
        responses.list_rights(
            request.name, request.sent, (required, *optional), spell=session.spell
        )
    )
    return ok("Those are the rights.")


def _is_owner(account_id: int, request: Identified) -> bool:
    place = _find_administered(account_id, request.name)
    owner = Account.objects.select_related("domain").get(pk=place.info.account_id)
    return find_identified(owner, request.identifier) == owner


async def my_rights(session: Session, request: Mailbox) -> Outcome:
    """MYRIGHTS (§3.5)."""
    place = await aio.read(find_place, session.account_id, request.name)
    session.write(
        responses.my_rights(request.name, with_obsolete(place.rights), spell=session.spell)
    )
    return ok("Those are your rights.")
