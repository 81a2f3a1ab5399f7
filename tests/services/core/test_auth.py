"""The one door: which credentials open a session."""

from collections.abc import Iterator

import pytest

from groupware.core import auth, clock
from groupware.core.directory import (
    create_address,
    create_domain,
    create_group,
    delete_account,
    delete_address,
    rename_account,
    set_active,
    set_password,
)
from groupware.core.errors import AuthenticationFailed, Invalid, NotFound
from groupware.core.events import CredentialsChanged
from groupware.core.hashers import PasswordHasher
from groupware.core.models import Account, AppPassword, Domain
from tests.services.store import PASSWORD, create

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_hashes")]
NETWORK = "192.0.2.1"


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    auth._cache.clear()
    yield
    auth._cache.clear()


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the Argon2 computations that are made, as they are made."""
    made: list[str] = []
    encode, verify = PasswordHasher.encode, PasswordHasher.verify

    def noting_encode(self: PasswordHasher, password: str, salt: str) -> str:
        made.append("encode")
        return encode(self, password, salt)

    def noting_verify(self: PasswordHasher, password: str, encoded: str) -> bool:
        made.append("verify")
        return verify(self, password, encoded)

    monkeypatch.setattr(PasswordHasher, "encode", noting_encode)
    monkeypatch.setattr(PasswordHasher, "verify", noting_verify)
    return made


@pytest.fixture
def eve(domain: Domain) -> Account:
    """Return a person who has a password."""
    return create("eve@example.test", password=PASSWORD)


def log_in(login: str, password: str = PASSWORD, protocol: str = "imap") -> auth.Principal:
    return auth.authenticate(login, password, protocol=protocol, network=NETWORK)


def is_refused(login: str, password: str = PASSWORD, protocol: str = "imap") -> bool:
    try:
        log_in(login, password, protocol)
    except AuthenticationFailed:
        return True
    return False


def test_right_password_opens_a_session(eve: Account) -> None:
    principal = log_in("eve@example.test")
    assert principal == auth.Principal(eve.pk, "eve@example.test", eve.credential_epoch)
    assert auth.is_current(eve.pk, principal.credential_epoch)


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD + " ", PASSWORD.upper()])
def test_wrong_password_opens_nothing(eve: Account, password: str) -> None:
    assert is_refused("eve@example.test", password)


@pytest.mark.parametrize("login", ["EVE@Example.Test", "  eve@example.test\t", "eve@example.test."])
def test_login_is_known_in_every_form_of_the_address(eve: Account, login: str) -> None:
    assert log_in(login).account_id == eve.pk


@pytest.mark.parametrize(
    "login",
    ["", "@", "eve", "@example.test", "eve@", "nobody@example.test", "eve@nowhere.test",
     "eve\0@example.test", "eve\udce9@example.test", "x" * 5000 + "@example.test"],
)  # fmt: skip
def test_login_that_nobody_has_is_refused(eve: Account, login: str) -> None:
    assert is_refused(login)


@pytest.mark.parametrize("password", ["\0", "p\udce9ss", "x" * 100_000])
def test_strange_password_is_only_a_wrong_one(eve: Account, password: str) -> None:
    assert is_refused("eve@example.test", password)
    assert is_refused("nobody@example.test", password)


def test_alias_logs_its_person_in(eve: Account) -> None:
    create_address("evelyn@example.test", ["eve@example.test"])
    rename_account("eve@example.test", "eva@example.test")
    for login in ("evelyn@example.test", "eve@example.test", "eva@example.test"):
        principal = log_in(login)
        assert (principal.account_id, principal.login) == (eve.pk, "eva@example.test")


def test_alias_domain_logs_its_people_in(eve: Account) -> None:
    create_domain("other.test", alias_of="example.test")
    assert log_in("eve@other.test").account_id == eve.pk


def test_internationalized_domain_is_known_in_both_forms(db: None) -> None:
    create_domain("bücher.test")
    account = create("eve@bücher.test", password=PASSWORD)
    assert log_in("eve@BÜCHER.test").account_id == account.pk
    assert log_in("eve@xn--bcher-kva.test").account_id == account.pk


def test_address_of_several_or_of_a_group_logs_nobody_in(eve: Account) -> None:
    create("fay@example.test", password=PASSWORD)
    create_address("both@example.test", ["eve@example.test", "fay@example.test"])
    create_address("out@example.test", ["eve@elsewhere.test"])
    create_address("@example.test", ["eve@example.test"])
    create_group("team@example.test")
    for login in ("both", "out", "team", "anything"):
        assert is_refused(f"{login}@example.test")


def test_disabled_account_logs_in_again_when_enabled(eve: Account) -> None:
    log_in("eve@example.test")
    set_active("eve@example.test", active=False)
    assert is_refused("eve@example.test")
    set_active("eve@example.test", active=True)
    assert log_in("eve@example.test").account_id == eve.pk


@pytest.mark.parametrize("kind", ["shared", "room", "equipment"])
def test_account_that_is_no_person_never_logs_in(domain: Domain, kind: str) -> None:
    account = create("info@example.test", kind=kind)
    with pytest.raises(Invalid):
        set_password("info@example.test", PASSWORD)
    assert is_refused("info@example.test")
    account.set_password(PASSWORD)  # whatever may have been written there
    account.save()
    password = auth.create_app_password(account.pk, "leak", frozenset({"imap"}))
    assert is_refused("info@example.test")
    assert is_refused("info@example.test", password)


def test_person_without_a_password_logs_in_with_none(ann: Account) -> None:
    for password in ("", "!", "None"):
        assert is_refused("ann@example.test", password)


def test_app_password_opens_what_it_is_for(eve: Account) -> None:
    password = auth.create_app_password(eve.pk, "phone", frozenset({"imap", "smtp"}))
    principal = log_in("eve@example.test", password)
    assert principal.app_password_id == AppPassword.objects.get().pk
    assert log_in("eve@example.test", password, "smtp").account_id == eve.pk
    assert is_refused("eve@example.test", password, "dav")
    assert log_in("eve@example.test").app_password_id is None


def test_app_password_is_stored_as_a_digest_of_128_random_bits(eve: Account) -> None:
    password = auth.create_app_password(eve.pk, "phone", frozenset({"imap"}))
    public_id, _, secret = password.partition("-")
    assert len(bytes.fromhex(secret)) == 16
    held = AppPassword.objects.get()
    assert held.public_id == public_id
    assert secret.encode() not in bytes(held.secret_sha256)
    assert len(bytes(held.secret_sha256)) == 32


def test_app_password_is_one_accounts_and_whole(eve: Account, ann: Account) -> None:
    password = auth.create_app_password(eve.pk, "phone", frozenset({"imap"}))
    assert is_refused("ann@example.test", password)
    for wrong in (password[:-1], password + "0", password.upper(), f"00000000{password[8:]}"):
        assert is_refused("eve@example.test", wrong)


@pytest.mark.parametrize("scopes", [frozenset(), frozenset({"imap", "ftp"})])
def test_app_password_has_known_scopes(eve: Account, scopes: frozenset[str]) -> None:
    with pytest.raises(Invalid):
        auth.create_app_password(eve.pk, "phone", scopes)


def test_revoked_app_password_is_refused_at_once(eve: Account, ann: Account) -> None:
    password = auth.create_app_password(eve.pk, "phone", frozenset({"imap"}))
    other = auth.create_app_password(eve.pk, "laptop", frozenset({"imap"}))
    principal = log_in("eve@example.test", password)
    with pytest.raises(NotFound):
        auth.revoke_app_password(ann.pk, password[:8])
    auth.revoke_app_password(eve.pk, password[:8])
    assert is_refused("eve@example.test", password)
    assert not auth.is_current(eve.pk, principal.credential_epoch)
    assert log_in("eve@example.test", other).account_id == eve.pk
    with pytest.raises(NotFound):
        auth.revoke_app_password(eve.pk, password[:8])


def test_second_factor_leaves_only_app_passwords(eve: Account) -> None:
    password = auth.create_app_password(eve.pk, "phone", frozenset({"imap"}))
    Account.objects.filter(pk=eve.pk).update(second_factor=True)
    assert is_refused("eve@example.test")
    assert log_in("eve@example.test", password).account_id == eve.pk


def test_proven_credentials_are_not_hashed_again(eve: Account, hashes: list[str]) -> None:
    for _ in range(3):
        log_in("eve@example.test")
    assert hashes == ["verify"]
    log_in("eve@example.test", protocol="smtp")
    assert hashes == ["verify"] * 2


def test_wrong_password_is_never_cached(eve: Account, hashes: list[str]) -> None:
    log_in("eve@example.test")
    assert is_refused("eve@example.test", "wrong")
    assert is_refused("eve@example.test", "wrong")
    assert hashes == ["verify"] * 3


def test_cache_ends_after_a_while(
    eve: Account, hashes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in("eve@example.test")
    later = clock.monotonic() + auth.CACHE_SECONDS + 1
    monkeypatch.setattr(auth, "monotonic", lambda: later)
    log_in("eve@example.test")
    assert hashes == ["verify"] * 2


def test_cache_obeys_the_credential_epoch(eve: Account, hashes: list[str]) -> None:
    before = log_in("eve@example.test")
    auth.end_sessions(eve.pk)
    assert not auth.is_current(eve.pk, before.credential_epoch)
    after = log_in("eve@example.test")
    assert after.credential_epoch == before.credential_epoch + 1
    assert hashes == ["verify"] * 2


def test_changed_password_ends_sessions_and_the_old_one(eve: Account) -> None:
    before = log_in("eve@example.test")
    set_password("eve@example.test", "another good password")
    assert is_refused("eve@example.test")
    assert not auth.is_current(eve.pk, before.credential_epoch)
    assert log_in("eve@example.test", "another good password").account_id == eve.pk


def test_cache_never_takes_one_account_for_another(eve: Account) -> None:
    log_in("eve@example.test")
    delete_account("eve@example.test")
    create("eve@example.test", password="another password")
    assert is_refused("eve@example.test")


def test_cached_credentials_do_not_follow_an_alias_to_its_next_person(
    eve: Account, ann: Account
) -> None:
    create_address("info@example.test", ["eve@example.test"])
    log_in("info@example.test")
    delete_address("info@example.test")
    create_address("info@example.test", ["ann@example.test"])
    assert is_refused("info@example.test")


def test_cache_stays_small(eve: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "MAX_CACHED", 2)
    for protocol in ("imap", "smtp", "dav", "api", "sieve"):
        log_in("eve@example.test", protocol=protocol)
        assert len(auth._cache) <= 2


def test_cache_holds_no_password(eve: Account) -> None:
    log_in("eve@example.test")
    assert PASSWORD not in repr(auth._cache)
    assert PASSWORD.encode() not in b"".join(auth._cache)


def test_every_refusal_hashes_once(eve: Account, ann: Account, hashes: list[str]) -> None:
    """So that the time of an answer does not tell who exists and who has a password."""
    create("info@example.test", kind="shared")
    create("gus@example.test", password=PASSWORD)
    set_active("gus@example.test", active=False)
    for login in ("eve", "ann", "info", "gus", "nobody"):
        hashes.clear()
        assert is_refused(f"{login}@example.test", "wrong")
        assert len(hashes) == 1, login


@pytest.mark.django_db(transaction=True)
def test_ended_sessions_are_told_after_the_commit(eve: Account, published: list[object]) -> None:
    published.clear()
    auth.end_sessions(eve.pk)
    set_password("eve@example.test", "another good password")
    set_active("eve@example.test", active=False)
    assert published == [CredentialsChanged(eve.pk)] * 3
    assert Account.objects.get(pk=eve.pk).credential_epoch == eve.credential_epoch + 3
