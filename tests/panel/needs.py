"""What each page of the panel needs to be tried: a page without an entry where it wants one fails."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from groupware.core import auth, directory, rights
from groupware.core.administration import By, administer, csvfiles
from groupware.core.leaving import departures, exports
from groupware.core.models import (
    Account,
    AccountExport,
    AccountImport,
    Address,
    AdminRole,
    Collection,
    Domain,
    Grant,
    Group,
)
from mail.models import OutsideAccount, RetentionHold, RetentionRule
from mail.retention import Rule
from mail.services import holds, retention, signing
from mail.services.outside import accounts
from mail.services.outside.accounts import Wishes
from mail.services.outside.servers import Login
from tests.panel.people import OWN, People
from tests.services.identity.browsers import open_browser
from tests.services.mail.outbound.queueing import queued, to
from tests.services.store import create

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


def _session(_people: People, target: Account) -> dict[str, Any]:
    return {"session": open_browser(target)}


def _any_session(people: People, _target: Any) -> dict[str, Any]:
    return {"account": str(people.ann.pk), **_session(people, people.ann)}


def _changed(people: People, target: Account) -> dict[str, Any]:
    return {"name": "Ann Other", "address": target.login, "quota": "5 GB"}


def _typed(_people: People, target: Account) -> dict[str, Any]:
    return {"typed": target.login}


need("core_account_add", sent=lambda *_: {"address": "new@example.test", "kind": "person"})
need("core_account_change", _ann, _changed)
need("core_account_password", _ann, lambda *_: {"password": ""})
need("core_account_second-factor", _with_factor)
need("core_account_end-sessions", _ann)
need("core_account_end-session", _ann, _session)
need("core_account_unlock", _ann)
need("sessions", sent=_any_session)
need("core_account_revoke-app-password", _ann, _app_password)
need("core_account_enable", _disabled)
need("core_account_disable", _ann)
need("core_account_delete", _ann, _typed)


def _domain(people: People) -> Domain:
    return people.domain


def _empty_domain(_people: People) -> Domain:
    return directory.create_domain("empty.test", alias_of=OWN)


def _key(people: People, _target: Domain) -> dict[str, Any]:
    for _ in range(2):
        made = signing.create_key(people.domain.name, algorithm="ed25519")
    return {"selector": made.selector}


def _named(_people: People, target: Domain) -> dict[str, Any]:
    return {"typed": target.name}


need("core_domain_add", sent=lambda *_: {"name": "new.test", "alias_of": ""})
need("core_domain_change", _domain)
need("domain-dns", _domain)
need("core_domain_create-key", _domain, lambda *_: {"algorithm": "ed25519"})
need("core_domain_use-key", _domain, _key)
need("core_domain_drop-key", _domain, _key)
need("core_domain_delete", _empty_domain, _named)


def _group(people: People) -> Group:
    group = directory.create_group(f"team@{OWN}", description="All")
    directory.add_member(group.name, people.ann.login)
    return group


def _policy(people: People, _target: Any) -> dict[str, Any]:
    return {"post": "members", "owners": people.ann.login, "moderators": "", "senders": ""}


def _members(people: People, _target: Group) -> dict[str, Any]:
    return {"description": "Some", "members": f"{people.ann.login}, {people.ben.login}"}


need(
    "core_group_add",
    sent=lambda people, _: {"address": f"new@{OWN}", "members": people.ann.login},
)
need("core_group_change", _group, _members)
need("core_group_policy", _group, _policy)
need("core_group_delete", _group)


def _list(people: People) -> Address:
    return directory.create_address(f"both@{OWN}", [people.ann.login, people.ben.login])


def _to_ben(people: People, _target: Any) -> dict[str, Any]:
    return {"address": f"sales@{OWN}", "targets": people.ben.login}


need("core_address_add", sent=_to_ben)
need("core_address_change", _list, _to_ben)
need("core_address_policy", _list, _policy)
need("core_address_delete", _list)


def _room(_people: People) -> Account:
    return create(f"room@{OWN}", kind="room", name="Blue")


def _new_room(*_: Any) -> dict[str, Any]:
    return {"address": f"hall@{OWN}", "name": "Hall", "kind": "room"}


def _renamed(_people: People, target: Account) -> dict[str, Any]:
    return {"name": "Red", "address": target.login}


def _shared(people: People, target: Account) -> dict[str, Any]:
    place = Collection.objects.filter(account=target).order_by("pk").first()
    assert place is not None
    return {"place": place.object_id, "grantee": people.ben.login, "rights": "read"}


need("core_room_add", sent=_new_room)
need("core_room_change", _room, _renamed)
need("core_room_share", _room, _shared)
need("core_room_delete", _room, _typed)
need("core_account_share", _ann, _shared)


def _grant(people: People) -> Grant:
    rights.grant(people.ann, None, people.ben, rights.parse_rights("read"))
    return Grant.objects.get(account=people.ann)


def _role(people: People) -> AdminRole:
    return AdminRole.objects.get(account=people.help_desk)


def _new_role(people: People, _target: Any) -> dict[str, Any]:
    held = {"role": "help-desk", "domain": str(people.domain.pk)}
    return {"address": people.ann.login, **held}


need("core_grant_change", _grant)
need("core_grant_revoke", _grant)
need("core_adminrole_add", sent=_new_role)
need("core_adminrole_change", _role)
need("core_adminrole_revoke", _role)


def _waiting(people: People, _target: Any) -> dict[str, Any]:
    return {"action": "hold", "message": str(queued(people.ann, *to("someone@outside.test")).pk)}


need("queue", sent=_waiting)


def _leaving(people: People) -> Account:
    departures.begin(people.ann, days=3, wants_export=False)
    people.ann.refresh_from_db()
    return people.ann


def _exported(people: People) -> AccountExport:
    made = exports.ask(people.ann)
    exports.work_off()
    return AccountExport.objects.get(pk=made.pk)


def _departing(people: People, _target: Any) -> dict[str, Any]:
    return {"days": "5", "successor": people.ben.login, "export": "on"}


need("core_account_invite", _ann)
need("core_account_depart", _ann, _departing)
need("core_account_stay", _leaving)
need("core_account_export", _ann)
need("account-export", _exported)


def _csv(*_: Any) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("people.csv", b"address\nnew@example.test\n")}


def _imported(people: People) -> AccountImport:
    octets = f"address\n{people.ann.login}\nnew@example.test\n".encode()
    admin = people.admin
    by = By(admin.pk, admin.login, "192.0.2.1")
    return administer(
        by, lambda him: csvfiles.ask(csvfiles.read(him, octets), octets, invites=False)
    )


need("account-import", sent=_csv)
need("account-import-shown", _imported, lambda *_: {"action": "confirm"})


def _chosen(build: Build, **more: str) -> Any:
    """Return what a page of many is sent: one that is fresh and Ann's."""
    return lambda people, _target: {"_selected_action": [str(build(people).pk)], **more}


need("core_account_bulk-disable", sent=_chosen(_ann))
need("core_account_bulk-enable", sent=_chosen(_disabled))
need("core_account_bulk-end-sessions", sent=_chosen(_ann))
need("core_account_bulk-delete", sent=_chosen(_ann, typed="1"))
need("core_room_bulk-delete", sent=_chosen(_room, typed="1"))
need("core_group_bulk-delete", sent=_chosen(_group, typed="1"))
need("core_address_bulk-delete", sent=_chosen(_list, typed="1"))
need("core_grant_bulk-revoke", sent=_chosen(_grant, typed="1"))


def _rule(people: People) -> RetentionRule:
    rule = Rule(0, None, people.ann.pk, None, "INBOX", 9, "delete", "received", spares_flagged=True)
    return RetentionRule.objects.get(pk=retention.set_rule(rule).key)


def _new_rule(*_: Any) -> dict[str, Any]:
    return {"target": OWN, "use": "INBOX", "action": "archive", "days": "30"}


def _hold(people: People) -> RetentionHold:
    holds.hold(people.ann, reason="a case")
    return RetentionHold.objects.get(account=people.ann)


def _elsewhere(people: People) -> OutsideAccount:
    login = Login("imap", "mail.elsewhere.example", "ann", "open sesame")
    return OutsideAccount.objects.get(
        pk=accounts.add_outside(people.ann.pk, login, Wishes(), "old")
    )


def _paused(people: People) -> OutsideAccount:
    held = _elsewhere(people)
    accounts.pause_outside(people.ann.pk, "old")
    return held


need("mail_retentionrule_add", sent=_new_rule)
need("mail_retentionrule_change", _rule)
need("mail_retentionrule_remove", _rule)
need("mail_retentionhold_add", sent=lambda people, _: {"target": people.ann.login})
need("mail_retentionhold_change", _hold)
need("mail_retentionhold_release", _hold)
need("mail_outsideaccount_change", _elsewhere)
need("mail_outsideaccount_pause", _elsewhere)
need("mail_outsideaccount_resume", _paused)
need("mail_outsideaccount_remove", _elsewhere)
