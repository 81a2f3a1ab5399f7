"""Tokens at the one door: whom they speak for, for how long, and where."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from groupware.core import auth, clock, tokens
from groupware.core.directory import create_address, delete_account, set_active
from groupware.core.errors import AuthenticationFailed
from groupware.core.models import Account, Domain
from groupware.core.scopes import SCOPES
from tests.services.store import create

pytestmark = pytest.mark.django_db
NETWORK = "192.0.2.1"
TOKEN = "a-token-of-eve"


@pytest.fixture
def eve(domain: Domain) -> Account:
    """Return a person without a password."""
    return create("eve@example.test")


@pytest.fixture
def held(eve: Account) -> Iterator[dict[str, auth.TokenGrant]]:
    """Return the tokens that a verifier knows: one of eve's, for IMAP and her profile."""
    until = clock.now() + timedelta(hours=1)
    known = {TOKEN: auth.TokenGrant(eve.pk, "1", frozenset({"imap", "profile"}), until)}

    def is_live(token_id: str) -> bool:
        return any(grant.token_id == token_id for grant in known.values())

    end = auth.register_token_verifier(known.get, is_live)
    yield known
    end()


def open_session(token: str = TOKEN, protocol: str = "imap", login: str = "") -> auth.Principal:
    return auth.authenticate_token(token, protocol=protocol, network=NETWORK, login=login)


def is_refused(token: str = TOKEN, protocol: str = "imap", login: str = "") -> bool:
    try:
        open_session(token, protocol, login)
    except AuthenticationFailed:
        return True
    return False


def test_token_opens_a_session_with_its_scopes(
    eve: Account, held: dict[str, auth.TokenGrant]
) -> None:
    principal = open_session()
    assert (principal.account_id, principal.login) == (eve.pk, "eve@example.test")
    assert (principal.token_id, principal.scopes) == ("1", frozenset({"imap", "profile"}))
    assert principal.expires_at == held[TOKEN].expires_at
    assert auth.is_principal_current(principal)


def test_protocol_takes_only_tokens_that_have_its_scope(held: dict[str, auth.TokenGrant]) -> None:
    for protocol in sorted(tokens.PROTOCOLS - {"imap"}):
        assert is_refused(protocol=protocol)
    assert open_session(protocol="api").scopes == frozenset({"imap", "profile"})


@pytest.mark.parametrize(
    "token",
    ["", " ", "another", TOKEN + " ", TOKEN.upper(), TOKEN + "\0", "t\udce9ken", "ü", "x" * 5_000],
)
def test_whatever_is_no_token_is_refused(held: dict[str, auth.TokenGrant], token: str) -> None:
    assert is_refused(token)


def test_token_of_the_length_that_is_taken_is_looked_up(held: dict[str, auth.TokenGrant]) -> None:
    longest, longer = "x" * tokens.MAX_TOKEN, "x" * (tokens.MAX_TOKEN + 1)
    held[longest] = held[longer] = held[TOKEN]
    assert not is_refused(longest)
    assert is_refused(longer)


def test_token_is_refused_for_another_login(held: dict[str, auth.TokenGrant], ann: Account) -> None:
    create_address("evelyn@example.test", ["eve@example.test"])
    assert open_session(login="EVE@example.test").login == "eve@example.test"
    assert open_session(login="evelyn@example.test").login == "eve@example.test"
    for login in ("ann@example.test", "nobody@example.test", "eve"):
        assert is_refused(login=login)


def test_revoked_token_ends_what_it_opened(held: dict[str, auth.TokenGrant]) -> None:
    principal = open_session()
    held.clear()
    assert not auth.is_principal_current(principal)
    assert is_refused()


def test_expired_token_opens_nothing_and_ends_what_it_opened(
    held: dict[str, auth.TokenGrant], monkeypatch: pytest.MonkeyPatch
) -> None:
    principal = open_session()
    last = held[TOKEN].expires_at - timedelta(microseconds=1)
    monkeypatch.setattr(tokens, "now", lambda: last)
    assert not tokens.has_expired(principal)
    assert auth.is_principal_current(principal)
    assert not is_refused()
    monkeypatch.setattr(tokens, "now", lambda: held[TOKEN].expires_at)
    assert tokens.has_expired(principal)
    assert not auth.is_principal_current(principal)
    assert is_refused()


def test_account_that_may_not_sign_in_has_no_tokens(
    eve: Account, held: dict[str, auth.TokenGrant]
) -> None:
    principal = open_session()
    set_active("eve@example.test", active=False)
    assert is_refused()
    assert not auth.is_principal_current(principal)
    set_active("eve@example.test", active=True)
    assert not is_refused()
    delete_account("eve@example.test")
    assert is_refused()


def test_room_has_no_tokens(held: dict[str, auth.TokenGrant]) -> None:
    room = create("room@example.test", kind="room")
    held["of-room"] = auth.TokenGrant(room.pk, "2", frozenset({"imap"}), held[TOKEN].expires_at)
    assert is_refused("of-room")


def test_session_of_a_password_is_looked_at_as_before(
    eve: Account, held: dict[str, auth.TokenGrant]
) -> None:
    principal = auth.Principal(eve.pk, eve.login, eve.credential_epoch)
    held.clear()
    assert auth.is_principal_current(principal)
    auth.end_sessions(eve.pk)
    assert not auth.is_principal_current(principal)


def test_verifier_that_was_ended_knows_nothing_more(eve: Account) -> None:
    until = clock.now() + timedelta(hours=1)
    grant = auth.TokenGrant(eve.pk, "1", frozenset({"imap"}), until)
    end = auth.register_token_verifier(lambda _token: grant, lambda _token_id: True)
    principal = open_session()
    end()
    assert is_refused()
    assert not auth.is_principal_current(principal)


def test_every_scope_has_its_words_and_the_protocols_theirs() -> None:
    assert all(str(text) for text in SCOPES.values())
    assert set(SCOPES) >= tokens.PROTOCOLS
