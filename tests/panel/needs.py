"""What each page of the panel needs to be tried: a page without an entry where it wants one fails."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from groupware.core import auth, directory
from groupware.core.models import Account
from tests.panel.people import People

Build = Callable[[People], Any]


@dataclass(frozen=True, slots=True)
class Need:
    """What a page needs: `target` makes an object of Ann's domain, `sent` what its form is sent."""

    target: Build | None = None
    sent: Callable[[People, Any], dict[str, Any]] | None = None


NEEDS: dict[str, Need] = {}


def need(name: str, target: Build | None = None, sent: Any = None) -> None:
    """Say what a page needs; names are those of the URLs."""
    NEEDS[name] = Need(target, sent)


def _ann(people: People) -> Account:
    return people.ann


def _disabled(people: People) -> Account:
    directory.set_active(people.ann.login, active=False)
    return people.ann


def _with_factor(people: People) -> Account:
    Account.objects.filter(pk=people.ann.pk).update(second_factor=True)
    return people.ann


def _app_password(people: People, target: Account) -> dict[str, Any]:
    auth.create_app_password(target.pk, "phone", frozenset({"imap"}))
    return {"public_id": auth.list_app_passwords(target.pk)[0].public_id}


def _changed(people: People, target: Account) -> dict[str, Any]:
    return {"name": "Ann Other", "address": target.login, "quota": "5 GB"}


def _typed(_people: People, target: Account) -> dict[str, Any]:
    return {"typed": target.login}


need("core_account_add", sent=lambda *_: {"address": "new@example.test", "kind": "person"})
need("core_account_change", _ann, _changed)
need("core_account_password", _ann, lambda *_: {"password": ""})
need("core_account_second-factor", _with_factor)
need("core_account_end-sessions", _ann)
need("core_account_unlock", _ann)
need("core_account_revoke-app-password", _ann, _app_password)
need("core_account_enable", _disabled)
need("core_account_disable", _ann)
need("core_account_delete", _ann, _typed)
