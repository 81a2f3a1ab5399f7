"""Objects of administration: what the global admin finds of somebody's."""

import secrets
from typing import Any
from urllib.parse import quote

from groupware.core import audit, directory, rights, roles
from groupware.core.audit import AuditFilter
from groupware.core.models import Account
from mail.services import trace
from mail.services.trace import Note, Step
from tests.api.objects import operation, parameter
from tests.services.mail.outbound.queueing import queued, to
from tests.services.store import create

_made: dict[str, Account] = {}


def fresh(owner: Account, **fields: Any) -> Account:
    return create(f"a{secrets.token_hex(4)}@{owner.domain.name}", **fields)


@parameter("domain_id")
def domain_id(owner: Account) -> str:
    """Another name of the owner's domain, in which nothing lives."""
    name = f"{secrets.token_hex(4)}.{owner.domain.name}"
    return str(directory.create_domain(name, alias_of=owner.domain.name).pk)


@parameter("account_id")
def account_id(owner: Account) -> str:
    _made["account"] = fresh(owner, password="correct horse battery")
    return str(_made["account"].pk)


def last_made() -> Account:
    """Return the account that was made last: what is of it comes after it in a path."""
    return _made["account"]


@parameter("address_id")
def address_id(owner: Account) -> str:
    name = f"x{secrets.token_hex(4)}@{owner.domain.name}"
    return str(directory.create_address(name, [owner.login]).pk)


@parameter("group_id")
def group_id(owner: Account) -> str:
    return str(directory.create_group(f"g{secrets.token_hex(4)}@{owner.domain.name}").pk)


@parameter("grant_id")
def grant_id(owner: Account) -> str:
    grantee = fresh(owner)
    rights.grant(owner, None, grantee, rights.parse_rights("read"))
    held = rights.find_grant(owner, None, grantee)
    assert held is not None
    return str(held.pk)


@parameter("role_id")
def role_id(owner: Account) -> str:
    return str(roles.grant_role(fresh(owner).login, "help-desk", owner.domain.name).pk)


@parameter("queue_id")
def queue_id(owner: Account) -> str:
    return str(queued(owner, *to("someone@outside.test")).pk)


@parameter("entry_id")
def entry_id(owner: Account) -> str:
    directory.set_quota(owner.login, 5_000_000)
    return str(audit.list_entries(AuditFilter(target_id=owner.pk))[0].pk)


def traced(owner: Account) -> str:
    """Let a message of somebody's be in the trace, and return its Message-ID."""
    name = f"{secrets.token_hex(4)}@there.test"
    found = Note(Step.DELIVERED, "boss@there.test", owner.login, account_id=owner.pk, size=1_000)
    with trace.kept():
        trace.note(found._replace(message_id=name))
    return name


def _grant(owner: Account) -> dict[str, Any]:
    return {"account_id": owner.pk, "grantee": fresh(owner).login, "rights": "read"}


operation("admin_list_trace", prepare=traced)
operation("admin_list_traffic", prepare=traced)
operation(
    "admin_follow_message", query=lambda owner: f"message_id={quote(traced(owner))}", names=True
)
operation("admin_list_grants", query=lambda owner: f"account_id={owner.pk}", names=True)
operation("admin_create_domain", body=lambda _: {"name": f"{secrets.token_hex(4)}.test"})
operation(
    "admin_create_account",
    body=lambda owner: {"address": f"b{secrets.token_hex(4)}@{owner.domain.name}"},
    names=True,
)
operation(
    "admin_create_room",
    body=lambda owner: {"address": f"r{secrets.token_hex(4)}@{owner.domain.name}"},
    names=True,
)
operation("admin_change_account", body=lambda _: {"name": "New", "quota": 1_000_000})
operation("admin_set_password", body=lambda _: {})
operation(
    "admin_create_address",
    body=lambda owner: {
        "address": f"y{secrets.token_hex(4)}@{owner.domain.name}",
        "targets": [owner.login],
    },
    names=True,
)
operation("admin_change_address", body=lambda owner: {"targets": [fresh(owner).login]})
operation(
    "admin_create_group",
    body=lambda owner: {"address": f"h{secrets.token_hex(4)}@{owner.domain.name}"},
    names=True,
)
operation("admin_change_group", body=lambda owner: {"members": [owner.login]})
operation("admin_create_grant", body=_grant, names=True)
operation(
    "admin_grant_role",
    body=lambda owner: {
        "account_id": fresh(owner).pk,
        "role": "help-desk",
        "domain_id": owner.domain_id,
    },
    names=True,
)
operation(
    "admin_act_on_queue",
    body=lambda owner: {"action": "hold", "ids": [int(queue_id(owner))]},
    names=True,
)
