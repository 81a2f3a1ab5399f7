"""Accounts: made whole or not at all, renamed without losing an address, deleted without a trace."""

import pytest
from django.apps import apps

from groupware.core import auth, limits, provisioning, rights
from groupware.core.blobs.collector import collect_unreferenced
from groupware.core.directory import (
    NewAccount,
    add_member,
    create_account,
    create_address,
    create_domain,
    create_group,
    delete_account,
    generate_password,
    get_account,
    rename_account,
    set_active,
    set_password,
    set_quota,
)
from groupware.core.errors import AlreadyExists, Invalid, NotFound
from groupware.core.models import (
    Account,
    AccountState,
    Address,
    AddressKind,
    AuditEntry,
    Domain,
)
from mail.services.mailboxes import create_mailbox
from tests.conftest import SetLimit
from tests.services.store import PASSWORD, append, create, message, prepared, state_of
from tests.services.threads import SECONDS, threads

pytestmark = pytest.mark.django_db

OUR_APPS = {"core", "mail", "calendar_app", "contacts"}
FIRST_COLLECTIONS = 10
"""Six mailboxes, a calendar, a task list, the birthdays and an address book."""


def addresses(account: Account) -> dict[str, str]:
    """Return the addresses that lead to an account, with their kinds."""
    return {str(held): held.kind for held in Address.objects.filter(targets__account=account)}


def rows() -> dict[str, int]:
    """Return how many rows each table of ours has, but the audit log, which outlives all."""
    ours = [
        model
        for model in apps.get_models()
        if model._meta.app_label in OUR_APPS and model is not AuditEntry
    ]
    return {model._meta.db_table: model._default_manager.count() for model in ours}


def test_new_account_has_address_counter_and_collections(domain: Domain) -> None:
    account = create("Ann.Lee@Example.Test", name=" Ann Lee ", quota_bytes=1000)
    assert (account.login, account.name, account.kind) == (
        "ann.lee@example.test",
        "Ann Lee",
        "person",
    )
    assert addresses(account) == {"ann.lee@example.test": AddressKind.PRIMARY}
    assert state_of(account).quota_bytes == 1000
    assert account.collections.count() == FIRST_COLLECTIONS
    assert not account.is_superuser


def test_default_quota_is_the_installations(domain: Domain, set_limit: SetLimit) -> None:
    set_limit(limits.DEFAULT_QUOTA, 5000)
    assert state_of(create("one@example.test")).quota_bytes == 5000
    assert state_of(create("two@example.test", quota_bytes=0)).quota_bytes == 0


def test_stored_password_is_argon2id_with_19_mib_two_passes_one_lane(domain: Domain) -> None:
    account = create("ann@example.test", password=PASSWORD)
    assert account.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert PASSWORD not in account.password


def test_administrator_is_a_person_of_djangos_admin(domain: Domain) -> None:
    account = create("root@example.test", is_admin=True)
    assert account.is_staff
    assert account.is_superuser


@pytest.mark.parametrize(
    "address",
    ["", "ann", "ann@", "@example.test", "a b@example.test", "a@b@example.test", ".a@example.test",
     "a..b@example.test", "x" * 65 + "@example.test", "ann@exa_mple.test", "ann@-x.test", "a\0@example.test"],
)  # fmt: skip
def test_impossible_addresses_are_refused(domain: Domain, address: str) -> None:
    with pytest.raises(Invalid):
        create(address)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "robot"},
        {"password": "short"},
        {"password": "long enough\0"},
        {"password": "long enough\udce9"},
        {"kind": "room", "password": PASSWORD},
        {"kind": "shared", "is_admin": True},
        {"name": "x" * 201},
        {"name": "line\nbreak"},
    ],
)
def test_account_that_makes_no_sense_is_refused(domain: Domain, fields: dict[str, str]) -> None:
    before = rows()
    with pytest.raises(Invalid):
        create("ann@example.test", **fields)
    assert rows() == before


def test_address_that_is_taken_is_refused(ann: Account) -> None:
    create_address("alias@example.test", ["ann@example.test"])
    create_group("team@example.test")
    for name in ("ann", "ANN", "alias", "team"):
        with pytest.raises(AlreadyExists):
            create(f"{name}@example.test")


def test_domain_must_be_here_and_be_no_alias(domain: Domain) -> None:
    create_domain("alias.test", alias_of="example.test")
    with pytest.raises(NotFound):
        create("ann@elsewhere.test")
    with pytest.raises(Invalid):
        create("ann@alias.test")


def test_international_names_are_kept_in_one_form(db: None) -> None:
    create_domain("Bücher.test")
    account = create("Jürgen@BÜCHER.test")
    assert account.login == "jürgen@xn--bcher-kva.test"
    assert get_account("JÜRGEN@bücher.test") == account
    assert get_account("jürgen@xn--bcher-kva.test") == account


def test_failing_provisioner_leaves_no_account(
    domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def provision(account_id: int) -> None:
        assert Account.objects.get(pk=account_id).collections.count() == FIRST_COLLECTIONS
        seen.append(account_id)
        raise LookupError("an app's own bug")

    monkeypatch.setattr(provisioning, "_provisioners", [*provisioning._provisioners, provision])
    before = rows()
    with pytest.raises(LookupError):
        create("ann@example.test")
    assert len(seen) == 1
    assert rows() == before


def test_provisioner_is_registered_once() -> None:
    before = list(provisioning._provisioners)
    provisioning.register(before[0])
    assert provisioning._provisioners == before


def test_renamed_account_keeps_everything_and_the_old_address(ann: Account) -> None:
    append(ann)
    renamed = rename_account("ann@example.test", "Anna@example.test", name="Anna")
    assert (renamed.pk, renamed.login, renamed.name) == (ann.pk, "anna@example.test", "Anna")
    assert addresses(ann) == {
        "anna@example.test": AddressKind.PRIMARY,
        "ann@example.test": AddressKind.ALIAS,
    }
    assert state_of(ann).items_used == 1
    assert renamed.credential_epoch <= Account.objects.get(pk=ann.pk).credential_epoch - 1
    with pytest.raises(AlreadyExists):
        create("ann@example.test")


def test_account_takes_an_alias_of_its_own_as_its_name(ann: Account) -> None:
    rename_account("ann@example.test", "anna@example.test")
    rename_account("anna@example.test", "ann@example.test")
    assert addresses(ann) == {
        "ann@example.test": AddressKind.PRIMARY,
        "anna@example.test": AddressKind.ALIAS,
    }


def test_account_moves_to_another_domain(ann: Account) -> None:
    create_domain("other.test")
    renamed = rename_account("ann@example.test", "ann@other.test")
    assert renamed.domain.name == "other.test"
    assert set(addresses(ann)) == {"ann@example.test", "ann@other.test"}


def test_account_takes_no_name_of_others(ann: Account, ben: Account) -> None:
    create_address("both@example.test", ["ann@example.test", "ben@example.test"])
    for name in ("ben@example.test", "both@example.test"):
        with pytest.raises(AlreadyExists):
            rename_account("ann@example.test", name)
    with pytest.raises(NotFound):
        rename_account("ann@example.test", "ann@elsewhere.test")
    assert Account.objects.get(pk=ann.pk).login == "ann@example.test"


def test_new_name_of_a_person_ends_no_session(ann: Account) -> None:
    rename_account("ann@example.test", "ann@example.test", name="Ann of Cleves")
    assert auth.is_current(ann.pk, ann.credential_epoch)


def test_deleted_account_leaves_nothing(domain: Domain, ben: Account) -> None:
    before = rows()
    ann = create("ann@example.test", password=PASSWORD)
    create_address("only@example.test", ["ann@example.test"])
    create_address("both@example.test", ["ann@example.test", "ben@example.test"])
    create_group("team@example.test")
    add_member("team@example.test", "ann@example.test", "ben@example.test")
    create_mailbox(ann.pk, "Work/Deep")
    append(ann, "Work/Deep", flags=8, prefix=b"X: y\r\n")
    append(ann, data=prepared(message_id="1@x", references="<0@x>"))
    rights.grant(ann, None, ben, rights.parse_rights("read"))
    rights.grant(ben, None, ann, rights.parse_rights("read"))
    auth.create_app_password(ann.pk, "phone", frozenset({"imap"}))
    delete_account("ann@example.test")
    assert not Account.objects.filter(pk=ann.pk).exists()
    assert set(addresses(ben)) == {"ben@example.test", "both@example.test"}
    assert not Address.objects.filter(local_part="only").exists()
    collect_unreferenced(min_age=0)
    left = rows()
    for table, extra in (
        ("core_address", 2),
        ("core_addresstarget", 2),
        ("core_group", 1),
        ("core_groupmember", 1),
    ):
        left[table] -= extra
    assert left == before


def test_address_of_a_deleted_account_is_free_again(ann: Account) -> None:
    delete_account("ann@example.test")
    again = create("ann@example.test")
    assert again.pk != ann.pk
    with pytest.raises(NotFound):
        delete_account("nobody@example.test")


def test_deleting_one_of_two_that_hold_a_message_keeps_it(ann: Account, ben: Account) -> None:
    from mail.services.content import prepare_message

    data = message()
    for account in (ann, ben):
        append(account, data=prepare_message(data))
    delete_account("ann@example.test")
    assert collect_unreferenced(min_age=0) == 0
    assert state_of(ben).items_used == 1


def test_quota_is_set_under_the_accounts_lock(ann: Account) -> None:
    before = state_of(ann).next_modseq
    set_quota("ann@example.test", 12345)
    assert (state_of(ann).quota_bytes, state_of(ann).next_modseq) == (12345, before + 1)


def test_unknown_account_is_told_with_its_owner_where_it_is_an_alias(ann: Account) -> None:
    create_address("annie@example.test", ["ann@example.test"])
    with pytest.raises(NotFound, match=r"an alias of ann@example\.test"):
        set_active("annie@example.test", active=False)
    with pytest.raises(NotFound, match="account list"):
        set_password("nobody@example.test", PASSWORD)


def test_generated_passwords_are_strong_and_all_different() -> None:
    made = {generate_password() for _ in range(50)}
    assert len(made) == 50
    assert all(len(password.replace("-", "")) == 16 for password in made)


@pytest.mark.django_db(transaction=True)
def test_of_two_that_take_a_name_at_once_one_is_refused(domain: Domain) -> None:
    def take() -> str:
        try:
            create_account(NewAccount("ann@example.test"))
        except AlreadyExists:
            return "refused"
        return "made"

    with threads(3) as start:
        taking = [start(take) for _ in range(3)]
        outcomes = sorted(future.result(SECONDS) for future in taking)
    assert outcomes == ["made", "refused", "refused"]
    assert AccountState.objects.count() == Address.objects.count() == 1
