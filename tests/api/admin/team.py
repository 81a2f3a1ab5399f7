"""People with each role, in two domains; and one of everything that is administered in each."""

from contextlib import ExitStack
from dataclasses import dataclass

from groupware.core import audit, auth, directory, rights, roles
from groupware.core.clock import now
from groupware.core.models import Account, AuditEntry, Collection, LoginThrottle
from mail.services import trace
from mail.services.trace import Note, Step
from tests.api.speaking import Api, token_of
from tests.services.identity.browsers import open_browser
from tests.services.mail.outbound.queueing import queued, to
from tests.services.store import create

SCOPES = ("admin:read", "admin:write")
ROLES = {
    "root": ("global", ""),
    "dora": ("domain", "example.test"),
    "hilde": ("help-desk", "example.test"),
    "heidi": ("help-desk", ""),
    "odo": ("domain", "other.test"),
    "ann": None,
}
"""Who has which role; all live in example.test but odo."""


@dataclass(frozen=True)
class Things:
    """One of everything in a domain, by number."""

    domain: str
    domain_id: int
    alias_domain_id: int
    person: Account
    collection_id: str
    friend: Account
    address_id: int
    group_id: int
    grant_id: int
    role_id: int
    queue_id: int
    entry_id: int
    app_password_id: str
    message_id: str
    live_session_id: str


@dataclass(frozen=True)
class Team:
    """The people, their programs, and what there is in either domain."""

    people: dict[str, Account]
    programs: dict[str, Api]
    own: Things
    other: Things

    def __getitem__(self, name: str) -> Api:
        return self.programs[name]


def make_team(stack: ExitStack) -> Team:
    """Make all of it; the programs hold the scopes of administration until `stack` is left."""
    for name in ("example.test", "other.test"):
        directory.create_domain(name)
    people = {}
    for name, role in ROLES.items():
        domain = "other.test" if name == "odo" else "example.test"
        people[name] = create(f"{name}@{domain}", password="correct horse battery")
        if role is not None:
            roles.grant_role(people[name].login, *role)
    programs = {
        name: stack.enter_context(token_of(account, SCOPES)) for name, account in people.items()
    }
    return Team(people, programs, _make_things("example.test"), _make_things("other.test"))


def _make_things(domain: str) -> Things:
    alias = directory.create_domain(f"alias-{domain}", alias_of=domain)
    person, friend = create(f"person@{domain}"), create(f"friend@{domain}")
    address = directory.create_address(f"info@{domain}", [f"person@{domain}"])
    group = directory.create_group(f"team@{domain}")
    directory.add_member(group.name, person.login)
    rights.grant(person, None, friend, rights.parse_rights("read"))
    held = rights.find_grant(person, None, friend)
    assert held is not None
    role = roles.grant_role(create(f"desk@{domain}").login, "help-desk", domain)
    LoginThrottle.objects.create(
        login=person.login, network="192.0.2.0/24", failures=9, last_failure_at=now()
    )
    app_password = auth.create_app_password(person.pk, "Phone", frozenset({"imap"}))
    inbox = Collection.objects.get(account=person, kind="mail", name="INBOX")
    entry = AuditEntry.objects.get(action="account.create", target_id=person.pk)
    assert audit.last_entry() > entry.pk
    return Things(
        domain=domain,
        domain_id=person.domain_id,
        alias_domain_id=alias.pk,
        person=person,
        collection_id=inbox.object_id,
        friend=friend,
        address_id=address.pk,
        group_id=group.pk,
        grant_id=held.pk,
        role_id=role.pk,
        queue_id=queued(person, *to("someone@outside.test"), mail_from=person.login).pk,
        entry_id=entry.pk,
        app_password_id=app_password.partition("-")[0],
        message_id=_trace(person),
        live_session_id=open_browser(person),
    )


def _trace(person: Account) -> str:
    """Let the trace tell of a message to somebody, and return its Message-ID."""
    name = f"1@{person.domain.name}"
    with trace.kept():
        for step in (Step.RECEIVED, Step.DELIVERED):
            found = Note(step, "boss@outside.test", person.login, person.login, size=1_000)
            trace.note(found._replace(message_id=name, reference="7"))
    return name
