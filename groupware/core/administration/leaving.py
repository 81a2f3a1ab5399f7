"""Who comes and who goes: invitations, departures, exports."""

from groupware.core.administration.administrator import Administrator
from groupware.core.errors import NotAllowed, NotFound
from groupware.core.leaving import departures, exports, invitations
from groupware.core.models import Account, AccountExport, Departure
from groupware.core.roles import Permission


def invite(by: Administrator, account: Account) -> str:
    """Return what the link of an invitation holds; whoever follows it is let in as the person."""
    by.require_over(Permission.HELP, account)
    if account.pk == by.account_id:
        raise NotAllowed("You are here already: your own password is changed on your own page.")
    return invitations.invite(account.login)


def take_back_invitation(by: Administrator, account: Account) -> None:
    """Let the link of an account open nothing any more."""
    by.require_over(Permission.HELP, account)
    invitations.take_back(account.login)


def depart(
    by: Administrator, account: Account, *, days: int, wants_export: bool, successor: Account | None
) -> Departure:
    """Disable an account, to be deleted after some days; nobody sends himself away.

    The successor is one whom he may manage as well: a copy goes there.
    """
    by.require_over(Permission.MANAGE, account)
    if account.pk == by.account_id:
        raise NotAllowed("You cannot send your own account away.")
    if successor is not None:
        by.require_over(Permission.MANAGE, successor)
    return departures.begin(account, days=days, wants_export=wants_export, successor=successor)


def stay(by: Administrator, account: Account) -> None:
    """Undo a departure."""
    by.require_over(Permission.MANAGE, account)
    departures.undo(account)


def ask_export(by: Administrator, account: Account) -> AccountExport:
    """Have everything of an account written into a file."""
    by.require_over(Permission.MANAGE, account)
    return exports.ask(account)


def get_export(by: Administrator, number: int) -> AccountExport:
    """Return an export of an account that he manages, or managed; raises `NotFound`."""
    found = AccountExport.objects.select_related("account").filter(pk=number).first()
    reach = by.reach(Permission.MANAGE).domain_ids
    if found is None or (reach is not None and found.domain_id not in reach):
        raise NotFound("There is no export {number}.", number=number)
    if found.account is not None:
        by.require_over(Permission.MANAGE, found.account)
    return found
