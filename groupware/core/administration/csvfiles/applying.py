"""One row, carried out as it was shown: in the caller's transaction, by the services of administration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from groupware.core import directory
from groupware.core.administration import accounts, addresses, groups, leaving
from groupware.core.administration.administrator import Administrator
from groupware.core.administration.csvfiles import cells
from groupware.core.administration.csvfiles.planning import Change, plan_rows
from groupware.core.administration.csvfiles.sheet import Wanted
from groupware.core.directory import NewAccount
from groupware.core.directory.accounts import hash_password
from groupware.core.errors import Stale
from groupware.core.models import Account, AccountKind, RowOutcome


@dataclass(frozen=True, slots=True)
class Secret:
    """How somebody new is let in: by a password, which is `made` or given, or by an invitation."""

    hashed: str | None = field(default=None, repr=False)
    made: str = field(default="", repr=False)
    invites: bool = False


def prepare(wanted: Wanted, *, invites: bool) -> Secret:
    """Make and hash the password of somebody new, which takes long: before any lock is taken."""
    if (wanted.kind or AccountKind.PERSON) != AccountKind.PERSON:
        return Secret()
    if wanted.password is not None:
        return Secret(hash_password(wanted.password))
    if invites:
        # Whoever is made disabled is invited when somebody enables him.
        return Secret(invites=wanted.enabled is not False)
    made = directory.generate_password()
    return Secret(hash_password(made), made)


def carry_out(
    by: Administrator, wanted: Wanted, outcome: str, changes: Sequence[Change], secret: Secret
) -> str:
    """Do what was shown of a row; return what lets somebody new in, a password or what a link holds.

    What is so already is left. Raises `Stale` where something else would come of it by now, and what
    the services raise.
    """
    (now,) = plan_rows(by, [wanted])
    if now.outcome == RowOutcome.UNCHANGED:
        return ""
    if (now.outcome, list(now.changes)) != (outcome, list(changes)):
        raise Stale(
            now.reason
            or _("Somebody changed this after the preview: import the file again, and look anew.")
        )
    new = {change.field: change.after for change in changes}
    if outcome == RowOutcome.CREATE:
        return _create(by, wanted, new, secret)
    account = directory.get_account(now.address)
    if cells.NAME in new:
        accounts.rename(by, account, account.login, new[cells.NAME])
    if cells.QUOTA in new:
        accounts.set_quota(by, account, wanted.quota or 0)
    _finish(by, account, new)
    return ""


def _create(by: Administrator, wanted: Wanted, new: Mapping[str, str], secret: Secret) -> str:
    account = accounts.create(
        by,
        NewAccount(
            wanted.address,
            name=new.get(cells.NAME, ""),
            kind=new[cells.KIND],
            quota_bytes=wanted.quota,
            hashed=secret.hashed,
        ),
    )
    disabled = {key: held for key, held in new.items() if (key, held) != (cells.ENABLED, "yes")}
    _finish(by, account, disabled)
    return leaving.invite(by, account) if secret.invites else secret.made


def _finish(by: Administrator, account: Account, new: Mapping[str, str]) -> None:
    if cells.ENABLED in new:
        accounts.set_active(by, account, active=new[cells.ENABLED] == "yes")
    for alias in new.get(cells.ALIASES, "").split():
        addresses.create(by, alias, [account.login])
    for name in new.get(cells.GROUPS, "").split():
        groups.add_members(by, directory.get_group(name), [account.login])
