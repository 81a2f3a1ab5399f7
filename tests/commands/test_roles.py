"""`manage.py role` and `manage.py audit`: who may administer, and who did what."""

import getpass
from datetime import timedelta

import pytest
from django.core.management import CommandError

from groupware.core import directory
from groupware.core.models import Account, AuditEntry
from tests.commands.running import call, call_json
from tests.services.store import create

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def team(db: None) -> None:
    directory.create_domain("example.org")
    directory.create_domain("other.org")
    create("ann@example.org")
    create("zoe@other.org")


def refusal(*words: str) -> str:
    with pytest.raises(CommandError) as raised:
        call(*words)
    return str(raised.value)


def test_roles_are_given_listed_and_taken_away() -> None:
    assert "Nobody has a role" in call("role", "list")
    words = ("ann@example.org", "domain", "example.org")
    assert call("role", "grant", *words).strip() == (
        "ann@example.org is domain administrator of example.org."
    )
    call("role", "grant", "zoe@other.org", "help-desk")
    assert call_json("role", "list") == [
        {"login": "ann@example.org", "role": "domain", "domain": "example.org"},
        {"login": "zoe@other.org", "role": "help-desk", "domain": ""},
    ]
    assert call("role", "list", "zoe@other.org").splitlines()[-1].split() == [
        "zoe@other.org",
        "help-desk",
        "everywhere",
    ]
    assert call_json("role", "revoke", *words) == []
    assert "role list" in refusal("role", "revoke", *words)


def test_the_global_role_makes_an_administrator() -> None:
    call("role", "grant", "ann@example.org", "global")
    assert Account.objects.get(login="ann@example.org").is_superuser
    assert "administrator" in call("account", "show", "ann@example.org")
    call("role", "revoke", "ann@example.org", "global")
    assert not Account.objects.get(login="ann@example.org").is_superuser


def test_what_commands_do_is_in_the_audit_log_by_the_user_of_the_machine() -> None:
    call("account", "set-quota", "ann@example.org", "5G")
    (entry,) = call_json("audit", "--action", "account.set-quota")
    assert entry["actor"] == getpass.getuser()
    assert entry["role"] == "command"
    assert entry["target"] == "ann@example.org"
    assert entry["detail"] == {"quota": 5 << 30}
    line = call("audit", "ann@", "--action", "account.set-quota").splitlines()[-1]
    assert f"quota {5 << 30}" in line


def test_the_log_is_shown_the_newest_last_and_as_much_as_is_asked_for() -> None:
    for quota in "1K", "2K", "3K":
        call("account", "set-quota", "ann@example.org", quota)
    found = call_json("audit", "--action", "account.set-quota", "--limit", "2")
    assert [entry["detail"]["quota"] for entry in found] == [2048, 3072]


def test_the_log_of_one_domain_shows_nothing_of_another() -> None:
    call("account", "set-quota", "ann@example.org", "1K")
    call("account", "set-quota", "zoe@other.org", "1K")
    targets = {entry["target"] for entry in call_json("audit", "--domain", "other.org")}
    assert targets == {"other.org", "zoe@other.org"}


def test_the_log_since_a_moment() -> None:
    old = AuditEntry.objects.order_by("id")[0]
    AuditEntry.objects.filter(pk=old.pk).update(created_at=old.created_at - timedelta(days=9))
    assert old.pk not in [entry["id"] for entry in call_json("audit", "--since", "3d")]
    assert old.pk in [entry["id"] for entry in call_json("audit", "--since", "2w")]
    assert "Nothing like that" in call("audit", "no such thing")
