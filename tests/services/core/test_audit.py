"""The audit log: an entry with each change or neither, in order, without secrets, for its time."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from groupware.core import audit, auth, db, directory, factors, limits, rights, throttle
from groupware.core.audit import Actor, AuditFilter
from groupware.core.directory import NewAccount
from groupware.core.errors import GroupwareError
from groupware.core.models import Account, AuditEntry, LoginThrottle
from mail.services import listpolicies, signing
from mail.services.listpolicies import PolicyChange
from tests.conftest import SetLimit
from tests.services.store import create
from tests.services.threads import threads

pytestmark = pytest.mark.django_db

ADMIN = Actor(77, "root@example.test", "global", "192.0.2.7")
ACCOUNTS = AuditFilter(target_kind="account")
SECRET = "correct horse battery"


def entries(**wanted: object) -> list[AuditEntry]:
    return audit.list_entries(AuditFilter(**wanted))  # type: ignore[arg-type]


def prepare() -> None:
    create("ann@example.test")
    create("ben@example.test")
    directory.create_group("team@example.test")
    directory.add_member("team@example.test", "ben@example.test")
    directory.create_address("info@example.test", ["ann@example.test", "ben@example.test"])
    directory.create_domain("empty.test")
    signing.create_key("example.test", selector="one", algorithm="ed25519")


def ann() -> Account:
    return directory.get_account("ann@example.test")


def revoke_app_password() -> None:
    auth.create_app_password(ann().pk, "phone", frozenset({"imap"}))
    auth.revoke_app_password(ann().pk, auth.list_app_passwords(ann().pk)[0].public_id)


def take_away() -> None:
    rights.grant(ann(), None, directory.get_account("ben@example.test"), rights.Rights("lr"))
    rights.revoke(ann(), None, directory.get_account("ben@example.test"))


def fail_after(change: Callable[[], object]) -> None:
    change()
    raise KeyError


def without_photo() -> None:
    directory.set_photo("ann@example.test", b"\xff\xd8\xff")
    directory.remove_photo("ann@example.test")


CHANGES: dict[str, Callable[[], object]] = {
    "domain.create": lambda: directory.create_domain("new.test"),
    "domain.delete": lambda: directory.delete_domain("empty.test"),
    "domain.create-key": lambda: signing.create_key("example.test", algorithm="ed25519"),
    "domain.use-key": lambda: signing.use_key("example.test", "one"),
    "domain.drop-key": lambda: signing.drop_key("example.test", "one"),
    "account.create": lambda: directory.create_account(
        NewAccount("new@example.test", password=SECRET)
    ),
    "account.rename": lambda: directory.rename_account("ann@example.test", "anna@example.test"),
    "account.set-password": lambda: directory.set_password("ann@example.test", SECRET),
    "account.disable": lambda: directory.set_active("ann@example.test", active=False),
    "account.enable": lambda: directory.set_active("ann@example.test", active=True),
    "account.set-quota": lambda: directory.set_quota("ann@example.test", 5),
    "account.set-photo": lambda: directory.set_photo("ann@example.test", b"\xff\xd8\xff"),
    "account.remove-photo": without_photo,
    "account.end-sessions": lambda: directory.sign_out("ann@example.test"),
    "account.unlock": lambda: throttle.unlock("ann@example.test"),
    "account.reset-second-factor": lambda: factors.reset("ann@example.test"),
    "account.create-app-password": lambda: auth.create_app_password(
        ann().pk, "phone", frozenset({"imap"})
    ),
    "account.revoke-app-password": revoke_app_password,
    "account.delete": lambda: directory.delete_account("ann@example.test"),
    "group.create": lambda: directory.create_group("all@example.test"),
    "group.describe": lambda: directory.describe_anew("team@example.test", "All of us"),
    "group.add": lambda: directory.add_member("team@example.test", "ann@example.test"),
    "group.remove": lambda: directory.remove_member("team@example.test", "ben@example.test"),
    "group.delete": lambda: directory.delete_group("team@example.test"),
    "address.create": lambda: directory.create_address("a@example.test", ["ann@example.test"]),
    "address.set-targets": lambda: directory.set_targets("info@example.test", ["ben@example.test"]),
    "address.delete": lambda: directory.delete_address("info@example.test"),
    "grant.set": lambda: rights.grant(
        ann(), None, directory.get_account("ben@example.test"), rights.Rights("lr")
    ),
    "grant.revoke": take_away,
    "list.set-policy": lambda: listpolicies.set_policy(
        "team@example.test", PolicyChange(post="members")
    ),
    "list.clear-policy": lambda: listpolicies.clear_policy("team@example.test"),
}


@pytest.mark.parametrize("action", CHANGES)
def test_each_change_leaves_an_entry_that_says_who_did_it(action: str, domain: object) -> None:
    prepare()
    before = audit.last_entry()
    with audit.acting(ADMIN):
        CHANGES[action]()
    entry = entries()[0]
    assert entry.pk > before
    assert entry.action == action
    assert (entry.actor_id, entry.actor, entry.role) == (77, "root@example.test", "global")
    assert entry.network == "192.0.2.7"
    assert entry.target
    assert entry.domain_id is not None


@pytest.mark.parametrize("action", CHANGES)
def test_a_change_that_is_rolled_back_leaves_none(action: str, domain: object) -> None:
    prepare()
    before = audit.last_entry()
    with pytest.raises(KeyError), db.write_transaction():
        fail_after(CHANGES[action])
    assert audit.last_entry() == before
    assert entries()[0].pk == before


def test_no_entry_holds_a_secret(domain: object) -> None:
    prepare()
    with audit.acting(ADMIN):
        for action, change in CHANGES.items():
            if not action.endswith(("delete", "rename", "drop-key", "use-key")):
                change()
        password = auth.create_app_password(ann().pk, "laptop", frozenset({"imap"}))
    text = "\n".join(f"{entry} {entry.detail}" for entry in AuditEntry.objects.all())
    assert "laptop" in text
    assert SECRET not in text
    assert password.partition("-")[2] not in text
    assert "argon2" not in text


def test_what_nobody_says_he_does_is_the_servers_doing(domain: object) -> None:
    create("ann@example.test")
    assert (entries()[0].actor, entries()[0].actor_id) == ("server", None)


def test_what_people_share_by_themselves_is_no_affair_of_the_log(
    ann: Account, ben: Account
) -> None:
    before = audit.last_entry()
    rights.grant(ann, None, ben, rights.Rights("lr"))
    assert audit.last_entry() == before


def test_a_refused_change_is_not_told_as_done(domain: object) -> None:
    create("ann@example.test")
    before = audit.last_entry()
    with audit.acting(ADMIN), pytest.raises(GroupwareError):
        directory.create_account(NewAccount("ann@example.test"))
    assert audit.last_entry() == before


def test_entries_outlive_what_they_name(ann: Account) -> None:
    number = ann.pk
    directory.delete_account(ann.login)
    created, deleted = entries(target_kind="account", target_id=number)[::-1]
    assert (created.action, deleted.action) == ("account.create", "account.delete")
    assert deleted.target == "ann@example.test"


def test_an_entry_cannot_be_saved_again(ann: Account) -> None:
    with pytest.raises(TypeError, match="not saved"):
        entries()[0].save()


def test_filters_leave_out_what_they_do_not_mean(ann: Account) -> None:
    directory.create_domain("other.test")
    with audit.acting(ADMIN):
        create("zoe@other.test")
        directory.set_quota("ann@example.test", 5)
    other = directory.get_domain("other.test").pk

    def actions(**wanted: object) -> list[str]:
        return [entry.action for entry in entries(**wanted)]

    assert actions(domain_ids=frozenset({other})) == ["account.create", "domain.create"]
    assert actions(domain_ids=frozenset()) == []
    assert actions(actor_id=77) == ["account.set-quota", "account.create"]
    assert actions(action="account.set-quota") == ["account.set-quota"]
    assert actions(action="account", actor_id=77) == ["account.set-quota", "account.create"]
    assert actions(action="acc") == []
    assert actions(text="ZOE@") == ["account.create"]
    assert actions(text="root@") == ["account.set-quota", "account.create"]
    assert actions(target_kind="domain") == ["domain.create", "domain.create"]
    moment = entries()[0].created_at
    assert actions(start=moment) == ["account.set-quota"]
    assert "account.set-quota" not in actions(end=moment)


def test_pages_go_back_from_the_newest(domain: object) -> None:
    for name in "abcde":
        directory.create_group(f"{name}@example.test")
    first = audit.list_entries(AuditFilter(action="group"), limit=2)
    second = audit.list_entries(AuditFilter(action="group"), before=first[-1].pk, limit=2)
    assert [entry.target[0] for entry in first + second] == ["e", "d", "c", "b"]


def test_what_was_touched_is_told_once_and_in_pages(domain: object) -> None:
    start = audit.last_entry()
    ann, ben = create("ann@example.test"), create("ben@example.test")
    directory.set_quota("ann@example.test", 5)
    whole = audit.list_touched(ACCOUNTS, start)
    assert (whole.ids, whole.last, whole.more) == ([ann.pk, ben.pk], audit.last_entry(), False)
    part = audit.list_touched(ACCOUNTS, start, limit=1)
    assert (part.ids, part.more) == ([ann.pk], True)
    rest = audit.list_touched(ACCOUNTS, part.last)
    assert (rest.ids, rest.more) == ([ben.pk, ann.pk], False)
    assert audit.list_touched(ACCOUNTS, whole.last).ids == []


def test_entries_go_with_their_age_and_the_floor_tells_up_to_where(
    domain: object, set_limit: SetLimit
) -> None:
    create("ann@example.test")
    set_limit(limits.AUDIT_DAYS, 30)
    last = audit.last_entry()
    old = AuditEntry.objects.get(pk=last).created_at - timedelta(days=31)
    AuditEntry.objects.filter(pk__lt=last).update(created_at=old)
    assert audit.expire() == last - 1
    assert [entry.pk for entry in entries()] == [last]
    assert audit.floor() == last - 1
    assert audit.expire() == 0


def test_failed_logins_are_listed_and_forgotten(ann: Account, ben: Account) -> None:
    from groupware.core.clock import now

    for login, network in ((ann.login, "192.0.2.0/24"), (ben.login, "192.0.2.0/24")):
        LoginThrottle.objects.create(
            login=login, network=network, failures=12, last_secret_mac=b"", last_failure_at=now()
        )
    LoginThrottle.objects.create(
        login=throttle.name_for_codes(ann.login), failures=3, last_failure_at=now()
    )
    told = [(one.kind, one.network, one.failures) for one in throttle.list_failed(ann.login)]
    assert told == [("password", "192.0.2.0/24", 12), ("second-factor", "", 3)]
    assert throttle.unlock(ann.login) == 2
    assert throttle.list_failed(ann.login) == []
    assert len(throttle.list_failed(ben.login)) == 1


def test_taking_a_second_factor_away_runs_what_is_registered_and_ends_sessions(
    ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed: list[int] = []
    monkeypatch.setattr(factors, "_resets", [])
    factors.register_reset(removed.append)
    factors.register_reset(removed.append)
    Account.objects.filter(pk=ann.pk).update(second_factor=True)
    factors.reset(ann.login)
    assert removed == [ann.pk]
    ann.refresh_from_db()
    assert (ann.second_factor, ann.credential_epoch) == (False, 2)


@pytest.mark.django_db(transaction=True)
def test_entries_of_writers_at_once_are_committed_in_the_order_of_their_ids() -> None:
    """Whoever has read up to one entry never meets an earlier one later."""
    directory.create_domain("example.test")
    seen: list[int] = []

    def write(number: int) -> None:
        for each in range(5):
            directory.create_group(f"g{number}-{each}@example.test")
            found = set(AuditEntry.objects.values_list("id", flat=True))
            assert found == set(range(1, max(found) + 1))
            seen.append(max(found))

    with threads() as start:
        writers = [start(partial(write, number)) for number in range(4)]
    for writer in writers:
        writer.result()
    assert audit.last_entry() == 21
    assert max(seen) == 21
