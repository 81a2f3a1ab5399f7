"""Who comes to the panel, and the browsers that they are signed in with."""

from dataclasses import dataclass
from typing import Any

from django.test import Client

from groupware.core.clock import epoch
from groupware.core.directory import create_domain
from groupware.core.models import Account, Domain
from groupware.core.roles import grant_role
from tests.services.store import create

OWN = "example.test"


@dataclass(frozen=True, slots=True)
class People:
    """Ann and Ben of one domain, and who administers both, one or the other."""

    domain: Domain
    ann: Account
    ben: Account
    root: Account
    admin: Account
    help_desk: Account
    others_admin: Account
    others_help_desk: Account

    @property
    def strangers(self) -> dict[str, Account]:
        return {
            "a domain admin of another domain": self.others_admin,
            "the help desk of another domain": self.others_help_desk,
        }


def make_people(domain: Domain, ann: Account, ben: Account) -> People:
    create_domain("other.test")
    roles = {
        "root@example.test": ("global", ""),
        "chief@example.test": ("domain", OWN),
        "desk@example.test": ("help-desk", OWN),
        "admin@other.test": ("domain", "other.test"),
        "help@other.test": ("help-desk", "other.test"),
    }
    made = []
    for login, (role, place) in roles.items():
        made.append(create(login))
        grant_role(login, role, place)
    for account in made:
        account.refresh_from_db()
    return People(domain, ann, ben, *made)


def browser_of(account: Account | None, *, is_fresh: bool = True) -> Client:
    """Return a browser that somebody is signed in with, over TLS as everywhere."""
    client = Client(raise_request_exception=True)
    if account is not None:
        client.force_login(account)
        session: Any = client.session
        session["authenticated_at"] = epoch() if is_fresh else 0
        session.save()
    return client
