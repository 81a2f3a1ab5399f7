"""Every operation of administration: who may do it, to what, and with which body."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.api.admin.team import Things

LOOK = {"root", "dora", "hilde", "heidi"}
HELP = LOOK
MANAGE = {"root", "dora"}
INSTALL = {"root"}
NAMING = {"admin/grants", "admin/trace/message"}
"""What names something in its query."""


@dataclass(frozen=True)
class Operation:
    """One method of one URL; `path` and `body` are filled for a domain's things.

    `may` are those who may do it in example.test; a list is everybody's who may look, and names
    nothing of a domain.
    """

    route: str
    method: str
    may: set[str]
    path: Callable[[Things], str]
    body: Callable[[Things], Any] = lambda _: None

    @property
    def is_list(self) -> bool:
        return self.method == "GET" and "<" not in self.route and self.route not in NAMING

    @property
    def is_write(self) -> bool:
        return self.method != "GET"


def row(
    method: str,
    route: str,
    may: set[str],
    body: Callable[[Things], Any] = lambda _: None,
    *,
    domain_id: Callable[[Things], int] = lambda things: things.domain_id,
) -> Operation:
    def path(things: Things) -> str:
        numbers = {
            "domain_id": domain_id(things),
            "account_id": things.person.pk,
            "address_id": things.address_id,
            "group_id": things.group_id,
            "grant_id": things.grant_id,
            "role_id": things.role_id,
            "queue_id": things.queue_id,
            "entry_id": things.entry_id,
        }
        filled = route.replace("<oid:held_app_password_id>", things.app_password_id)
        filled = filled.replace("<slug:live_session_id>", things.live_session_id)
        for name, number in numbers.items():
            filled = filled.replace(f"<key:{name}>", str(number))
        if route == "grants" and method == "GET":
            filled += f"?account_id={numbers['account_id']}"
        if route == "trace/message":
            filled += f"?message_id={things.message_id}"
        return f"/admin/{filled}"

    return Operation(f"admin/{route}", method, may, path, body)


OPERATIONS = [
    row("GET", "domains", LOOK),
    row("POST", "domains", INSTALL, lambda t: {"name": f"new-{t.domain}"}),
    row("GET", "domains/<key:domain_id>", LOOK),
    row(
        "DELETE",
        "domains/<key:domain_id>",
        INSTALL,
        domain_id=lambda things: things.alias_domain_id,
    ),
    row("GET", "domains/<key:domain_id>/dns", MANAGE),
    row("GET", "accounts", LOOK),
    row("POST", "accounts", MANAGE, lambda t: {"address": f"new@{t.domain}"}),
    row("GET", "accounts/<key:account_id>", LOOK),
    row("PATCH", "accounts/<key:account_id>", MANAGE, lambda _: {"name": "New", "quota": 5}),
    row("DELETE", "accounts/<key:account_id>", MANAGE),
    row("PUT", "accounts/<key:account_id>/password", HELP, lambda _: {}),
    row("DELETE", "accounts/<key:account_id>/second-factor", HELP),
    row("GET", "accounts/<key:account_id>/sessions", LOOK),
    row("DELETE", "accounts/<key:account_id>/sessions", HELP),
    row("DELETE", "accounts/<key:account_id>/sessions/<slug:live_session_id>", HELP),
    row("GET", "accounts/<key:account_id>/devices", LOOK),
    row("GET", "accounts/<key:account_id>/failed-logins", LOOK),
    row("DELETE", "accounts/<key:account_id>/failed-logins", HELP),
    row("GET", "accounts/<key:account_id>/app-passwords", LOOK),
    row("GET", "accounts/<key:account_id>/app-passwords/<oid:held_app_password_id>", LOOK),
    row("DELETE", "accounts/<key:account_id>/app-passwords/<oid:held_app_password_id>", HELP),
    row("GET", "rooms", LOOK),
    row("POST", "rooms", MANAGE, lambda t: {"address": f"attic@{t.domain}"}),
    row("GET", "quotas", LOOK),
    row("GET", "addresses", LOOK),
    row(
        "POST",
        "addresses",
        MANAGE,
        lambda t: {"address": f"x@{t.domain}", "targets": [f"person@{t.domain}"]},
    ),
    row("GET", "addresses/<key:address_id>", LOOK),
    row(
        "PATCH",
        "addresses/<key:address_id>",
        MANAGE,
        lambda t: {"targets": [f"friend@{t.domain}", "someone@outside.test"]},
    ),
    row("DELETE", "addresses/<key:address_id>", MANAGE),
    row("GET", "groups", LOOK),
    row(
        "POST",
        "groups",
        MANAGE,
        lambda t: {"address": f"all@{t.domain}", "members": [f"person@{t.domain}"]},
    ),
    row("GET", "groups/<key:group_id>", LOOK),
    row(
        "PATCH",
        "groups/<key:group_id>",
        MANAGE,
        lambda t: {"description": "Us", "members": [f"friend@{t.domain}"]},
    ),
    row("DELETE", "groups/<key:group_id>", MANAGE),
    row("GET", "grants", LOOK),
    row(
        "POST",
        "grants",
        MANAGE,
        lambda t: {
            "account_id": t.person.pk,
            "collection_id": t.collection_id,
            "grantee": f"team@{t.domain}",
            "rights": "write",
        },
    ),
    row("GET", "grants/<key:grant_id>", LOOK),
    row("DELETE", "grants/<key:grant_id>", MANAGE),
    row("GET", "roles", LOOK),
    row(
        "POST",
        "roles",
        MANAGE,
        lambda t: {"account_id": t.person.pk, "role": "domain", "domain_id": t.domain_id},
    ),
    row("GET", "roles/<key:role_id>", LOOK),
    row("DELETE", "roles/<key:role_id>", MANAGE),
    row("GET", "queue", MANAGE),
    row("POST", "queue/actions", MANAGE, lambda t: {"action": "drop", "ids": [t.queue_id]}),
    row("GET", "queue/<key:queue_id>", MANAGE),
    row("GET", "queue/<key:queue_id>/header", MANAGE),
    row("GET", "trace", MANAGE),
    row("GET", "trace/message", MANAGE),
    row("GET", "traffic", MANAGE),
    row("GET", "audit", MANAGE),
    row("GET", "audit/<key:entry_id>", MANAGE),
]
