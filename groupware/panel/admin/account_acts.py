"""What is done to an account by a button."""

from django.utils.translation import gettext_lazy

from groupware.core.administration import Administrator, accounts, grants
from groupware.core.models import Account, AccountKind
from groupware.core.roles import Permission
from groupware.panel.acts import Act, Data
from groupware.panel.admin.account_forms import (
    AppPasswordForm,
    PasswordForm,
    SessionForm,
    ShareForm,
)
from groupware.panel.admin.leaving_acts import LEAVING


def _set_password(by: Administrator, found: Account, data: Data) -> object:
    given = data["password"] or None
    made = accounts.set_password(by, found, given)
    return {"login": found.login, "password": made if given is None else ""}


def _revoke(by: Administrator, found: Account, data: Data) -> None:
    accounts.revoke_app_password(by, found, data["public_id"])


def _is_person(_by: Administrator, found: Account) -> bool:
    return found.kind == AccountKind.PERSON


def _is_other(by: Administrator, found: Account) -> bool:
    return found.pk != by.account_id


def _is_other_person(by: Administrator, found: Account) -> bool:
    return _is_person(by, found) and _is_other(by, found)


def _share(by: Administrator, found: Account, data: Data) -> object:
    return grants.create(by, found, data["place"] or None, data["grantee"], data["rights"])


SHARE = Act(
    "share",
    gettext_lazy("Share something"),
    _share,
    Permission.MANAGE,
    gettext_lazy("What was shared with the same people there is replaced. The owner sees it too."),
    gettext_lazy("It is shared now."),
    form=ShareForm,
    is_dangerous=True,
)

ENABLE = Act(
    "enable",
    gettext_lazy("Enable"),
    lambda by, found, _data: accounts.set_active(by, found, active=True),
    Permission.MANAGE,
    gettext_lazy("The person may sign in again, with the password of before."),
    gettext_lazy("The account is enabled."),
    is_offered=lambda _by, found: not found.is_active,
)

DISABLE = Act(
    "disable",
    gettext_lazy("Disable"),
    lambda by, found, _data: accounts.set_active(by, found, active=False),
    Permission.MANAGE,
    gettext_lazy(
        "Nobody signs in any more and every session ends, on every device. Mail still arrives, and"
        " nothing is lost."
    ),
    gettext_lazy("The account is disabled; its sessions are over."),
    is_offered=lambda by, found: found.is_active and _is_other(by, found),
    is_dangerous=True,
)

DELETE = Act(
    "delete",
    gettext_lazy("Delete for good"),
    lambda by, found, _data: accounts.delete(by, found),
    Permission.MANAGE,
    gettext_lazy(
        "Mail, calendars, contacts and addresses of the account are deleted, at once and for good."
        " Let it leave instead where you are not sure."
    ),
    gettext_lazy("The account is deleted."),
    is_offered=_is_other,
    is_dangerous=True,
    is_gone=True,
)

END_SESSION = Act(
    "end-session",
    gettext_lazy("End the session"),
    lambda by, found, data: accounts.end_session(by, found, data["session"]),
    Permission.HELP,
    gettext_lazy(
        "This connection ends at once; others of the account go on. A program that knows a password"
        " comes back by itself."
    ),
    gettext_lazy("The session is over."),
    form=SessionForm,
    is_offered=_is_person,
)

ACTS = (
    Act(
        "password",
        gettext_lazy("Set a new password"),
        _set_password,
        Permission.HELP,
        gettext_lazy("The old password opens nothing any more, and every session ends."),
        gettext_lazy("The password is set."),
        form=PasswordForm,
        shown="panel/password_shown.html",
        is_offered=_is_other_person,
        is_dangerous=True,
    ),
    Act(
        "second-factor",
        gettext_lazy("Take the second factor away"),
        lambda by, found, _data: accounts.reset_second_factor(by, found),
        Permission.HELP,
        gettext_lazy(
            "For somebody who lost the telephone: the password alone opens the account until a new"
            " second factor is set up. Be sure that you speak with the person."
        ),
        gettext_lazy("The second factor is gone; every session is over."),
        is_offered=lambda by, found: found.second_factor and _is_other_person(by, found),
        is_dangerous=True,
    ),
    Act(
        "end-sessions",
        gettext_lazy("Sign out everywhere"),
        lambda by, found, _data: accounts.end_sessions(by, found),
        Permission.HELP,
        gettext_lazy(
            "Every session ends, of every program and browser. Programs that know a password come"
            " back by themselves: set another one, or revoke the app password, to keep them out."
        ),
        gettext_lazy("Every session is over."),
        is_offered=_is_person,
    ),
    END_SESSION,
    Act(
        "unlock",
        gettext_lazy("Forget failed logins"),
        lambda by, found, _data: accounts.unlock(by, found),
        Permission.HELP,
        gettext_lazy("Whoever failed to sign in too often may try again at once."),
        gettext_lazy("Nobody has to wait any more."),
        is_offered=_is_person,
    ),
    Act(
        "revoke-app-password",
        gettext_lazy("Revoke an app password"),
        _revoke,
        Permission.HELP,
        gettext_lazy(
            "The device or program that uses it is out at once; others sign in anew by themselves."
        ),
        gettext_lazy("The app password opens nothing any more."),
        form=AppPasswordForm,
        is_offered=_is_person,
    ),
    *LEAVING,
    SHARE,
    ENABLE,
    DISABLE,
    DELETE,
)
