"""What was shown of a file is what is done: each row once, within the reach of who asked."""

import re
from collections.abc import Sequence
from datetime import timedelta

import pytest

from groupware.core import audit, auth, directory, limits, roles
from groupware.core.administration import Administrator, By, administer, csvfiles
from groupware.core.clock import now
from groupware.core.errors import NotAllowed, NotFound, Stale
from groupware.core.leaving import invitations
from groupware.core.models import (
    Account,
    AccountImport,
    AccountImportRow,
    AuditEntry,
    Domain,
    GroupMember,
)
from tests.conftest import SetLimit
from tests.services.store import create

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data", "cheap_hashes")]

FILE = (
    "address,name,quota,enabled,aliases,groups,password\n"
    "ann@example.test,Ann Rossi,5G,no,a@example.test,team@example.test,\n"
    "new@example.test,New,,,n@example.test o@example.test,team@example.test,\n"
    "own@example.test,Own,unlimited,,,,a word of his own\n"
    "room@example.test,,,,,,\n"
    "wrong@elsewhere.example,,,,,,\n"
)


@pytest.fixture
def boss(ann: Account) -> By:
    """Return who administers example.test, where there are a team and ann."""
    directory.create_group("team@example.test")
    made = create("boss@example.test")
    roles.grant_role(made.login, "domain", "example.test")
    return By(made.pk, made.login, "192.0.2.1")


def asked(by: By, text: str = FILE, *, invites: bool = False) -> AccountImport:
    octets = text.encode()
    return administer(
        by, lambda him: csvfiles.ask(csvfiles.read(him, octets), octets, invites=invites)
    )


def confirmed(by: By, text: str = FILE, *, invites: bool = False) -> AccountImport:
    job = asked(by, text, invites=invites)
    administer(by, lambda him: csvfiles.confirm(him, job))
    return job


def states(job: AccountImport) -> list[tuple[str, str]]:
    return list(job.rows.order_by("line").values_list("outcome", "state"))


def secrets_of(by: By, job: AccountImport) -> Sequence[tuple[str, str, str]]:
    return administer(by, lambda _: csvfiles.take_secrets(job))


def test_a_file_is_carried_out(boss: By, ann: Account) -> None:
    job = confirmed(boss)
    assert csvfiles.work_off() == 4
    job.refresh_from_db()
    assert job.state == "done"
    assert states(job) == [
        ("change", "done"),
        ("create", "done"),
        ("create", "done"),
        ("create", "done"),
        ("fault", "nothing"),
    ]
    ann.refresh_from_db()
    assert (ann.name, ann.is_active) == ("Ann Rossi", False)
    assert directory.describe_account(ann).quota_bytes == 5 << 30
    held = {entry.address for entry in directory.list_addresses_of(ann)}
    assert held == {"ann@example.test", "a@example.test"}
    members = GroupMember.objects.values_list("account__login", flat=True)
    assert set(members) == {"ann@example.test", "new@example.test"}
    own = auth.authenticate("own@example.test", "a word of his own", protocol="imap", network="::1")
    assert own.login == "own@example.test"


def test_the_log_names_who_asked_for_each_row(boss: By) -> None:
    before = audit.last_entry()
    confirmed(boss)
    csvfiles.work_off()
    made = AuditEntry.objects.filter(id__gt=before)
    assert set(made.values_list("actor", "role")) == {(boss.login, "domain")}
    assert {"account.create", "account.rename", "address.create", "group.add"} <= set(
        made.values_list("action", flat=True)
    )
    assert "word of his own" not in str(list(made.values_list("detail", flat=True)))


def test_who_is_new_gets_a_password_that_is_loaded_once(boss: By) -> None:
    job = confirmed(boss)
    csvfiles.work_off()
    taken = secrets_of(boss, job)
    assert [(address, name) for address, name, _ in taken] == [
        ("new@example.test", "New"),
        ("room@example.test", ""),
    ]
    address, _, password = taken[0]
    assert auth.authenticate(address, password, protocol="imap", network="::1").login == address
    assert secrets_of(boss, job) == []
    assert not AccountImportRow.objects.exclude(secret=b"").exists()


def test_no_password_lies_in_the_database_in_the_clear(boss: By) -> None:
    job = confirmed(boss)
    kept = list(AccountImportRow.objects.values())
    assert "word of his own" not in str(kept)
    csvfiles.work_off()
    secrets = {bytes(row.secret) for row in job.rows.all() if row.secret}
    assert len(secrets) == 2
    for _, _, password in secrets_of(boss, job):
        assert not [held for held in secrets if password.encode() in held]


def test_who_is_new_is_invited_where_that_is_asked_for(boss: By) -> None:
    text = "address,enabled\nnew@example.test,\noff@example.test,no\n"
    job = confirmed(boss, text, invites=True)
    csvfiles.work_off()
    ((address, _, secret),) = secrets_of(boss, job)
    assert invitations.find_invited(secret).login == address == "new@example.test"


def test_a_file_is_done_once(boss: By) -> None:
    job = confirmed(boss)
    csvfiles.work_off()
    before = audit.last_entry()
    assert csvfiles.work_off() == 0
    with pytest.raises(Stale, match="confirmed already"):
        administer(boss, lambda him: csvfiles.confirm(him, job))
    again = asked(boss)
    assert states(again)[:4] == [("unchanged", "nothing")] * 4
    administer(boss, lambda him: csvfiles.confirm(him, again))
    csvfiles.work_off()
    done = AuditEntry.objects.filter(id__gt=before).values_list("action", flat=True)
    assert set(done) == {"import.ask", "import.confirm"}


def test_a_preview_that_would_lie_is_not_confirmed(boss: By, ann: Account) -> None:
    job = asked(boss)
    directory.rename_account(ann.login, ann.login, name="Another")
    with pytest.raises(Stale, match="after this preview"):
        administer(boss, lambda him: csvfiles.confirm(him, job))
    assert csvfiles.work_off() == 0
    job.refresh_from_db()
    assert job.state == "preview"


def test_a_row_that_would_do_something_else_by_now_is_refused_and_the_rest_goes_on(
    boss: By, ann: Account
) -> None:
    job = confirmed(boss)
    directory.rename_account(ann.login, ann.login, name="Another")
    directory.create_address("n@example.test", ["boss@example.test"])
    csvfiles.work_off()
    assert [state for _, state in states(job)] == ["failed", "failed", "done", "done", "nothing"]
    reasons = list(
        job.rows.filter(state="failed").order_by("line").values_list("reason", flat=True)
    )
    assert "after the preview" in reasons[0]
    assert "n@example.test is taken" in reasons[1]
    ann.refresh_from_db()
    assert (ann.name, ann.is_active) == ("Another", True)
    assert not Account.objects.filter(login="new@example.test").exists()


def test_a_role_that_is_gone_carries_nothing_out(boss: By) -> None:
    job = confirmed(boss)
    roles.revoke_role(boss.login, "domain", "example.test")
    csvfiles.work_off()
    assert {state for _, state in states(job)} == {"failed", "nothing"}
    assert not Account.objects.filter(login="new@example.test").exists()


def test_a_domain_admin_imports_into_his_domains_alone(boss: By) -> None:
    directory.create_domain("other.test")
    create("eve@other.test")
    directory.create_group("all@other.test")
    text = (
        "address,name,aliases,groups\n"
        "eve@other.test,Mine,,\n"
        "new@other.test,,,\n"
        "new@example.test,,new@other.test,\n"
        "new@example.test,,,all@other.test\n"
    )
    plan = administer(boss, lambda him: csvfiles.read(him, text.encode()))
    assert {str(row.outcome) for row in plan.rows} == {"fault"}
    assert all("you administer" in row.reason for row in plan.rows)
    shown = administer(boss, csvfiles.write_accounts)
    assert "other.test" not in shown


def test_nobody_changes_by_a_file_who_is_above_him_or_disables_himself(boss: By) -> None:
    create("root@example.test")
    roles.grant_role("root@example.test", "global")
    text = "address,enabled\nroot@example.test,no\nboss@example.test,no\n"
    plan = administer(boss, lambda him: csvfiles.read(him, text.encode()))
    assert [str(row.outcome) for row in plan.rows] == ["fault", "fault"]
    assert "a role that yours does not reach" in plan.rows[0].reason
    assert "your own account" in plan.rows[1].reason


def test_the_help_desk_imports_nothing(boss: By) -> None:
    desk = create("desk@example.test")
    roles.grant_role(desk.login, "help-desk", "example.test")
    with pytest.raises(NotAllowed):
        asked(By(desk.pk, desk.login, "192.0.2.1"))


def test_an_import_is_seen_by_who_asked_and_by_who_administers_everything(boss: By) -> None:
    job = asked(boss)
    for role, place, is_seen in (("global", "", True), ("domain", "example.test", False)):
        other = create(f"{role}@example.test")
        roles.grant_role(other.login, role, place)
        him = Administrator(other.pk)
        if is_seen:
            assert csvfiles.get_import(him, job.pk) == job
        else:
            with pytest.raises(NotFound):
                csvfiles.get_import(him, job.pk)
    assert csvfiles.get_import(Administrator(boss.account_id), job.pk) == job


def test_a_second_preview_takes_the_place_of_the_first(boss: By) -> None:
    first, second = asked(boss), asked(boss)
    assert list(AccountImport.objects.values_list("pk", flat=True)) == [second.pk]
    with pytest.raises(NotFound, match=re.escape(str(first.pk))):
        csvfiles.get_import(Administrator(boss.account_id), first.pk)


def test_an_import_that_is_over_goes_with_its_secrets(
    boss: By, domain: Domain, set_limit: SetLimit
) -> None:
    set_limit(limits.ACCOUNT_IMPORT_DAYS, 2)
    job = confirmed(boss)
    csvfiles.work_off()
    assert job.expires_at - job.asked_at == timedelta(days=2)
    assert csvfiles.expire() == 0
    AccountImport.objects.update(expires_at=now())
    assert csvfiles.expire() > 0
    assert not AccountImportRow.objects.exists()


def test_the_duty_lets_others_have_their_turn(boss: By, monkeypatch: pytest.MonkeyPatch) -> None:
    from groupware.core.administration.csvfiles import jobs

    monkeypatch.setattr(jobs, "SECONDS", 0.0)
    job = confirmed(boss)
    assert [csvfiles.work_off() for _ in range(5)] == [1, 1, 1, 1, 0]
    job.refresh_from_db()
    assert job.state == "done"
