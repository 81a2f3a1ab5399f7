"""`account invite`, `depart`, `stay`, `departures`, `exports`: the two ends of an account's time."""

from argparse import Namespace

from groupware.core import directory, limits
from groupware.core.errors import NotFound
from groupware.core.leaving import departures, exports, invitations
from groupware.core.models import AccountExport, Departure
from groupware.core.publicurl import secure_url
from groupware.management.app_passwords import ADDRESS
from groupware.management.base import Answer, Subcommand, argument
from groupware.management.tables import day, octets, render_table


def invite(options: Namespace) -> Answer:
    """Make the link by which a person chooses a password, or take it back."""
    account = directory.get_person(options.address)
    if options.take_back:
        invitations.take_back(account.login)
        text = f"The link of {account.login} opens nothing any more."
        return Answer({"address": account.login, "url": None}, text)
    url = f"{secure_url()}/account/invitation/{invitations.invite(account.login)}/"
    days = limits.INVITATION_DAYS.value
    text = f"{url}\nFor {account.login}, once, within {days} days; shown only now."
    return Answer({"address": account.login, "url": url, "days": days}, text)


def depart(options: Namespace) -> Answer:
    """Disable an account, and delete it when some days are over."""
    account = directory.get_account(options.address)
    successor = directory.get_account(options.successor) if options.successor else None
    days = limits.GRACE_DAYS.value if options.days is None else options.days
    departure = departures.begin(
        account, days=days, wants_export=not options.no_export, successor=successor
    )
    text = (
        f"{account.login} is disabled, and deleted on {day(departure.due_at)};"
        f" until then `account stay {account.login}` brings it back."
    )
    if successor is not None:
        text += (
            f"\n{successor.login} sees all of it now, and then gets a copy, below"
            f" “Handed over”, and its addresses."
        )
    if departure.wants_export:
        text += "\nAn export is made: `account exports` shows it."
    return Answer(_departure_data(departure), text)


def stay(options: Namespace) -> Answer:
    """Undo a departure."""
    account = directory.get_account(options.address)
    departures.undo(account)
    return Answer({"address": account.login}, f"{account.login} stays, and may sign in again.")


def list_departures(_options: Namespace) -> Answer:
    """List who is leaving."""
    held = list(Departure.objects.select_related("account", "successor").order_by("due_at"))
    rows = [
        (
            one.account.login,
            day(one.due_at),
            one.successor.login if one.successor else "",
            one.trouble,
        )
        for one in held
    ]
    table = render_table(("account", "deleted on", "successor", "what it waits for"), rows)
    return Answer([_departure_data(one) for one in held], table if held else "Nobody is leaving.")


def list_exports(options: Namespace) -> Answer:
    """Ask for an export, remove one, or list them."""
    if options.new:
        exports.ask(directory.get_account(options.address))
    if options.remove is not None:
        _remove(options.address, options.remove)
    held = list(AccountExport.objects.filter(login=options.address.lower()).order_by("pk"))
    rows = [(str(one.pk), day(one.asked_at), one.state, _where(one)) for one in held]
    table = render_table(("id", "asked", "state", "file"), rows)
    data = [
        {
            "id": one.pk,
            "state": one.state,
            "share": one.share,
            "size": one.size,
            "trouble": one.trouble,
            "file": str(exports.path_of(one)) if one.state == "done" else None,
        }
        for one in held
    ]
    return Answer(data, table if held else f"{options.address} has no export: --new makes one.")


def _remove(address: str, number: int) -> None:
    found = AccountExport.objects.filter(login=address.lower(), pk=number).first()
    if found is None:
        raise NotFound(f"{address} has no export {number}.")
    exports.remove(found)


def _where(export: AccountExport) -> str:
    if export.state == "done":
        return f"{exports.path_of(export)} ({octets(export.size)})"
    return export.trouble or f"{export.share:.0%}"


def _departure_data(departure: Departure) -> dict[str, object]:
    return {
        "address": departure.account.login,
        "due_at": departure.due_at.isoformat(),
        "successor": departure.successor.login if departure.successor else None,
        "export": departure.wants_export,
        "trouble": departure.trouble,
    }


_SUCCESSOR = argument(
    "--successor", metavar="ADDRESS", help="who gets its mail, dates and addresses"
)
_DAYS = argument("--days", metavar="N", type=int, help="until it is deleted (GROUPWARE_GRACE_DAYS)")

INVITE = Subcommand(
    "invite",
    "make a link by which a person chooses a password",
    invite,
    (ADDRESS, argument("--take-back", action="store_true", help="let the link open nothing more")),
)
DEPART = Subcommand(
    "depart",
    "disable it now, and delete it when some days are over",
    depart,
    (
        ADDRESS,
        _DAYS,
        _SUCCESSOR,
        argument("--no-export", action="store_true", help="make no export before it is deleted"),
    ),
)
STAY = Subcommand("stay", "undo a departure", stay, (ADDRESS,))
DEPARTURES = Subcommand("departures", "list who is leaving", list_departures)
EXPORTS = Subcommand(
    "exports",
    "list exports of all that it has, in one file each",
    list_exports,
    (
        ADDRESS,
        argument("--new", action="store_true", help="have one made"),
        argument("--remove", metavar="ID", type=int, help="remove one"),
    ),
)
