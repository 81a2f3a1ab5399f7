"""Accounts: made, changed, deleted; and people let in again, by the help desk too."""

from django.utils.translation import gettext_noop as _

from groupware.core import auth, directory, factors, livesessions, throttle
from groupware.core.administration.administrator import Administrator
from groupware.core.directory import NewAccount
from groupware.core.directory.lookups import parse
from groupware.core.errors import NotAllowed
from groupware.core.livesessions import LiveSession
from groupware.core.models import Account
from groupware.core.roles import Permission


def create(by: Administrator, new: NewAccount) -> Account:
    """Create an account in a domain that he manages; roles are given apart."""
    by.get_place(Permission.MANAGE, parse(new.address)[1])
    if new.is_admin:
        raise NotAllowed("An account is made without a role: give it one then.")
    return directory.create_account(new)


def rename(by: Administrator, account: Account, address: str, name: str | None) -> Account:
    """Give an account another address, also in another of his domains, another name, or both."""
    by.require_over(Permission.MANAGE, account)
    by.get_place(Permission.MANAGE, parse(address)[1])
    return directory.rename_account(account.login, address, name=name)


def set_quota(by: Administrator, account: Account, quota_bytes: int) -> None:
    """Set the quota in octets; 0 means unlimited."""
    by.require_over(Permission.MANAGE, account)
    directory.set_quota(account.login, quota_bytes)


def set_active(by: Administrator, account: Account, *, active: bool) -> None:
    """Enable or disable an account; nobody disables himself."""
    by.require_over(Permission.MANAGE, account)
    if not active:
        _refuse_self(by, account, _("You cannot disable your own account here."))
    directory.set_active(account.login, active=active)


def delete(by: Administrator, account: Account) -> None:
    """Delete an account with all that it owns; nobody deletes himself."""
    by.require_over(Permission.MANAGE, account)
    _refuse_self(by, account, _("You cannot delete your own account here."))
    directory.delete_account(account.login)


def set_password(by: Administrator, account: Account, password: str | None) -> str:
    """Set a person's password, or make one, and return it; sessions of the person end.

    One's own is set on one's own page, which asks for the old one.
    """
    _check_help(by, account, _("You cannot set the password of your own account here."))
    chosen = password if password is not None else directory.generate_password()
    directory.set_password(account.login, chosen)
    return chosen


def reset_second_factor(by: Administrator, account: Account) -> None:
    """Let a person sign in by the password alone until he has a second factor again."""
    _check_help(by, account, _("You cannot take the second factor of your own account here."))
    factors.reset(account.login)


def end_sessions(by: Administrator, account: Account) -> None:
    """End every session of an account."""
    by.require_over(Permission.HELP, account)
    directory.sign_out(account.login)


def end_session(by: Administrator, account: Account, held: LiveSession) -> None:
    """End one session of an account; raises `NotFound` where it has ended already."""
    by.require_over(Permission.HELP, account)
    livesessions.end_session(account, held)


def revoke_app_password(by: Administrator, account: Account, public_id: str) -> None:
    """Let an app password of an account open nothing any more; raises `NotFound`."""
    by.require_over(Permission.HELP, account)
    auth.revoke_app_password(account.pk, public_id)


def unlock(by: Administrator, account: Account) -> int:
    """Forget the failed logins of an account; return from how many networks they came."""
    by.require_over(Permission.HELP, account)
    return throttle.unlock(account.login)


def _check_help(by: Administrator, account: Account, refusal: str) -> None:
    by.require_over(Permission.HELP, account)
    _refuse_self(by, account, refusal)


def _refuse_self(by: Administrator, account: Account, refusal: str) -> None:
    if account.pk == by.account_id:
        raise NotAllowed(refusal)
