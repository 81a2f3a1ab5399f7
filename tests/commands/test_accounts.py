from collections.abc import Iterator
from io import BytesIO, TextIOWrapper
from typing import Any

import pytest
from django.core.management import CommandError

from groupware.core import auth, directory, events, limits
from groupware.core.errors import AuthenticationFailed
from groupware.core.events import CredentialsChanged
from groupware.core.models import Account, Address, AppPassword, Collection, Grant
from mail.models import Message
from tests.commands.running import call, call_json
from tests.services.store import append

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def team(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Create a domain; standard input is no terminal."""
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO()))
    directory.create_domain("example.org")


@pytest.fixture
def published() -> Iterator[list[object]]:
    """Return the events that this process publishes, as they come."""
    heard: list[object] = []
    end = events.subscribe(heard.append)
    yield heard
    end()


def type_line(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(data)))


def logs_in(address: str, password: str) -> bool:
    try:
        auth.authenticate(address, password, protocol="imap", network="192.0.2.1")
    except AuthenticationFailed:
        return False
    return True


def refusal(*words: str) -> str:
    with pytest.raises(CommandError) as raised:
        call(*words)
    return str(raised.value)


def test_a_person_gets_the_password_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    type_line(monkeypatch, f"{PASSWORD}\r\nanother line\n".encode())
    words = ("--name", "Ann", "--quota", "5G", "--admin", "--password-stdin")
    created = call_json("account", "create", "Ann@Example.org", *words)
    assert created.pop("created_at").endswith("+00:00")
    assert created == {
        "address": "ann@example.org",
        "name": "Ann",
        "kind": "person",
        "active": True,
        "admin": True,
        "quota_bytes": 5 << 30,
        "bytes_used": 0,
        "items_used": 0,
        "generated_password": "",
    }
    assert logs_in("ann@example.org", PASSWORD)


def test_without_a_terminal_a_password_is_generated_and_shown_once() -> None:
    created = call_json("account", "create", "ann@example.org")
    assert logs_in("ann@example.org", created["generated_password"])
    assert "generated_password" not in call_json("account", "show", "ann@example.org")
    text = call("account", "create", "ben@example.org")
    password = text.partition("Password: ")[2].partition(" ")[0]
    assert logs_in("ben@example.org", password)


@pytest.mark.parametrize("kind", ["shared", "room", "equipment"])
def test_what_is_no_person_has_no_password(kind: str) -> None:
    created = call_json("account", "create", "it@example.org", "--kind", kind)
    assert (created["kind"], created["generated_password"]) == (kind, "")
    assert not Account.objects.get(login="it@example.org").has_usable_password()
    assert "Only a person signs in" in refusal("account", "set-password", "it@example.org")
    assert "Only a person signs in" in refusal(
        "account", "app-password", "create", "it@example.org"
    )
    wanted = ("account", "create", "other@example.org", "--kind", kind, "--admin")
    assert "Only a person signs in" in refusal(*wanted)


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        (b"", "Standard input has no password"),
        (b"\nlater\n", "Standard input has no password"),
        (b"short\n", "at least 8 characters"),
        (b"\xff\xfe\xfd long enough\n", "not UTF-8"),
    ],
)
def test_a_password_that_cannot_be_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, typed: bytes, part: str
) -> None:
    type_line(monkeypatch, typed)
    assert part in refusal("account", "create", "ann@example.org", "--password-stdin")
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("ann@nowhere.org",), "create it with `domain create nowhere.org`"),
        (("ann",), "write name@domain"),
        (("ann@example.org", "--quota", "many"), "expected a whole number"),
        (("ann@example.org", "--quota", "9999999T"), "at most"),
        (("ann@example.org", "--kind", "robot"), "invalid choice: 'robot'"),
        (("ann@example.org", "--name", "A\nB"), "all of them printable"),
        (("ann@example.org", "--name", "x" * 201), "at most 200 characters"),
    ],
)
def test_an_account_that_cannot_be_is_refused(words: tuple[str, ...], part: str) -> None:
    assert part in refusal("account", "create", *words)
    assert not Account.objects.exists()


def test_an_address_is_given_once() -> None:
    call("account", "create", "ann@example.org")
    call("address", "create", "office@example.org", "--to", "ann@example.org")
    for taken in ("ann@example.org", "ANN@example.org", "office@example.org"):
        assert "is taken" in refusal("account", "create", taken)


def test_an_account_without_a_quota_gets_the_installations(settings: Any) -> None:
    assert limits.DEFAULT_QUOTA.value == 0
    settings.GROUPWARE_LIMITS = {**settings.GROUPWARE_LIMITS, limits.DEFAULT_QUOTA.name: 1 << 30}
    assert call_json("account", "create", "ann@example.org")["quota_bytes"] == 1 << 30
    for word in ("0", "unlimited"):
        created = call_json("account", "create", f"ben{word}@example.org", "--quota", word)
        assert created["quota_bytes"] == 0


def test_the_list_is_a_table_of_all_or_of_one_domain() -> None:
    assert call("account", "list").startswith("There is no account yet")
    directory.create_domain("other.org")
    directory.create_domain("alias.org", alias_of="other.org")
    call("account", "create", "ann@example.org", "--name", "日本 Ann", "--quota", "512M")
    call("account", "create", "room@other.org", "--kind", "room")
    call("account", "disable", "room@other.org")
    assert call("account", "list").splitlines() == [
        "ADDRESS          NAME      KIND    STATE     USED  QUOTA",
        "ann@example.org  日本 Ann  person  active    0     512M",
        "room@other.org   -         room    disabled  0     unlimited",
    ]
    for domain in ("other.org", "alias.org"):
        assert [held["address"] for held in call_json("account", "list", domain)] == [
            "room@other.org"
        ]
    assert "There is no domain" in refusal("account", "list", "nowhere.org")


def test_show_tells_addresses_groups_collections_grants_and_usage() -> None:
    for name in ("ann", "ben"):
        call("account", "create", f"{name}@example.org")
    ann = directory.get_account("ann@example.org")
    append(ann)
    call("address", "create", "office@example.org", "--to", "ann@example.org", "ben@example.org")
    call("group", "create", "team@example.org")
    call("group", "add", "team@example.org", "ann@example.org")
    call("grant", "ann@example.org/mail/inbox", "ben@example.org", "read", "send-as")
    shown = call_json("account", "show", "ann@example.org")
    assert (shown["items_used"], shown["groups"]) == (1, ["team@example.org"])
    assert [(held["address"], held["kind"]) for held in shown["addresses"]] == [
        ("ann@example.org", "primary"),
        ("office@example.org", "list"),
    ]
    sizes = {held["name"]: (held["items"], held["bytes"]) for held in shown["collections"]}
    assert sizes["ann@example.org/mail/INBOX"] == (1, shown["bytes_used"])
    assert sizes["ann@example.org/mail/Sent"] == (0, 0)
    assert shown["grants"] == [
        {
            "account": "ann@example.org",
            "collection": "ann@example.org/mail/INBOX",
            "grantee": "ben@example.org",
            "grantee_kind": "account",
            "rights": "lrs",
            "named_rights": ["send-as"],
        }
    ]
    text = call("account", "show", "ann@example.org")
    assert "in 1 item\n" in text
    assert "ann@example.org/mail/INBOX  ben@example.org  lrs send-as" in text


def test_rename_keeps_the_old_address_and_ends_sessions(published: list[object]) -> None:
    password = call_json("account", "create", "ann@example.org")["generated_password"]
    ann = directory.get_account("ann@example.org")
    published.clear()
    renamed = call_json("account", "rename", "ann@example.org", "anna@example.org", "--name", "A")
    assert (renamed["address"], renamed["name"]) == ("anna@example.org", "A")
    assert CredentialsChanged(ann.pk) in published
    assert logs_in("anna@example.org", password)
    addresses = call_json("address", "list")
    assert {held["address"]: (held["kind"], held["targets"]) for held in addresses} == {
        "ann@example.org": ("alias", ["anna@example.org"]),
        "anna@example.org": ("primary", ["anna@example.org"]),
    }
    assert "it is an alias of anna@example.org" in refusal("account", "show", "ann@example.org")


def test_a_new_name_alone_ends_no_session(published: list[object]) -> None:
    call("account", "create", "ann@example.org")
    before = directory.get_account("ann@example.org")
    published.clear()
    assert call_json("account", "rename", "ann@example.org", "--name", "Ann")["name"] == "Ann"
    assert auth.is_current(before.pk, before.credential_epoch)
    assert published == []
    assert "Write the new address" in refusal("account", "rename", "ann@example.org")


@pytest.mark.parametrize(
    "words",
    [
        ("disable", "ann@example.org"),
        ("set-password", "ann@example.org"),
        ("rename", "ann@example.org", "new@example.org"),
        ("delete", "ann@example.org", "--yes"),
    ],
)
def test_what_takes_access_away_ends_live_sessions_at_once(
    words: tuple[str, ...], published: list[object]
) -> None:
    password = call_json("account", "create", "ann@example.org")["generated_password"]
    session = auth.authenticate("ann@example.org", password, protocol="imap", network="192.0.2.1")
    assert auth.is_current(session.account_id, session.credential_epoch)
    published.clear()
    call("account", *words)
    assert not auth.is_current(session.account_id, session.credential_epoch)
    assert CredentialsChanged(session.account_id) in published


def test_a_disabled_account_comes_back_with_its_password() -> None:
    password = call_json("account", "create", "ann@example.org")["generated_password"]
    assert call_json("account", "disable", "ann@example.org")["active"] is False
    assert not logs_in("ann@example.org", password)
    assert call_json("account", "enable", "ann@example.org")["active"] is True
    assert logs_in("ann@example.org", password)


def test_a_new_password_replaces_the_old(monkeypatch: pytest.MonkeyPatch) -> None:
    old = call_json("account", "create", "ann@example.org")["generated_password"]
    type_line(monkeypatch, PASSWORD.encode())
    answer = call_json("account", "set-password", "ann@example.org", "--password-stdin")
    assert answer == {"address": "ann@example.org", "generated_password": ""}
    assert (logs_in("ann@example.org", old), logs_in("ann@example.org", PASSWORD)) == (False, True)


def test_set_quota_takes_sizes() -> None:
    call("account", "create", "ann@example.org")
    assert call_json("account", "set-quota", "ann@example.org", "64k")["quota_bytes"] == 64 << 10
    assert call("account", "set-quota", "ann@example.org", "0").endswith("is unlimited.")


def test_delete_wants_a_yes_and_takes_all_that_is_owned() -> None:
    for name in ("ann", "ben"):
        call("account", "create", f"{name}@example.org")
    append(directory.get_account("ann@example.org"))
    call("grant", "ann@example.org", "ben@example.org", "all")
    call("grant", "ben@example.org", "ann@example.org", "all")
    call("account", "app-password", "create", "ann@example.org")
    call("address", "create", "both@example.org", "--to", "ann@example.org", "ben@example.org")
    assert "add --yes" in refusal("account", "delete", "ann@example.org")
    assert call_json("account", "delete", "ANN@example.org", "--yes") == {
        "deleted": "ann@example.org"
    }
    assert list(Account.objects.values_list("login", flat=True)) == ["ben@example.org"]
    assert set(Collection.objects.values_list("account__login", flat=True)) == {"ben@example.org"}
    assert [
        model.__name__ for model in (Message, Grant, AppPassword) if model.objects.exists()
    ] == []
    assert sorted(map(str, Address.objects.all())) == ["ben@example.org", "both@example.org"]
    assert "There is no account" in refusal("account", "delete", "ann@example.org", "--yes")


def test_an_app_password_opens_its_protocols_until_it_is_revoked() -> None:
    call("account", "create", "ann@example.org")
    address = "ann@example.org"
    words = ("--label", "Telephone", "--scopes", "imap", "smtp")
    made = call_json("account", "app-password", "create", address, *words)
    password = made.pop("password")
    assert (made["label"], made["scopes"]) == ("Telephone", ["imap", "smtp"])
    assert call_json("account", "app-password", "list", address) == [made]
    assert logs_in(address, password)
    call("account", "app-password", "revoke", address, made["id"])
    assert not logs_in(address, password)
    assert call_json("account", "app-password", "list", address) == []
    assert "There is no app password" in refusal(
        "account", "app-password", "revoke", address, made["id"]
    )


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--scopes", "telnet"), "Scopes are some of"),
        (("--label", "x" * 101), "at most 100 characters"),
    ],
)
def test_an_app_password_that_cannot_be_is_refused(words: tuple[str, ...], part: str) -> None:
    call("account", "create", "ann@example.org")
    assert part in refusal("account", "app-password", "create", "ann@example.org", *words)
    assert not AppPassword.objects.exists()
