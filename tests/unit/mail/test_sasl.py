"""OAUTHBEARER and XOAUTH2: what clients say, and what they are told."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.sasl import (
    MAX_MESSAGE,
    PARSERS,
    BadMessage,
    Bearer,
    parse_oauthbearer,
    parse_xoauth2,
    refusal,
)

TOKEN = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="


def test_message_of_the_rfc_is_read() -> None:
    """RFC 7628 §4.1."""
    message = (
        b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01"
        b"auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
    )
    assert parse_oauthbearer(message) == Bearer(TOKEN, "user@example.com")


def test_message_of_google_is_read() -> None:
    message = b"user=someuser@example.com\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdH\x01\x01"
    assert parse_xoauth2(message) == Bearer("ya29.vF9dft4qmTc2Nvb3RlckBhdH", "someuser@example.com")


@pytest.mark.parametrize(
    ("message", "bearer"),
    [
        ("n,,\x01auth=Bearer abc\x01\x01", Bearer("abc")),
        ("y,,\x01auth=Bearer abc\x01\x01", Bearer("abc")),
        ("n,,\x01AUTH=bearer   abc\x01\x01", Bearer("abc")),
        ("n,,\x01auth=\x01\x01", Bearer("")),
        ("n,,\x01mthd=POST\x01auth=Bearer abc\x01qs=\x01\x01", Bearer("abc")),
        ("n,a=a=3Db=2Cc@example.test,\x01auth=Bearer abc\x01\x01", Bearer("abc", "a=b,c@example.test")),
        ("n,a=a=3db=2cc,\x01auth=Bearer abc\x01\x01", Bearer("abc", "a=b,c")),
        ("n,a==3D2C,\x01auth=Bearer abc\x01\x01", Bearer("abc", "=2C")),
        ("n,a=grüße@example.test,\x01auth=Bearer abc\x01\x01", Bearer("abc", "grüße@example.test")),
    ],
)  # fmt: skip
def test_forms_of_oauthbearer(message: str, bearer: Bearer) -> None:
    assert parse_oauthbearer(message.encode()) == bearer


@pytest.mark.parametrize(
    "message",
    [
        b"", b"\x01", b"\x01\x01", b"n,,", b"n,,\x01\x01", b"n,,\x01auth=Bearer abc",
        b"n,,\x01auth=Bearer abc\x01", b"n,,\x01auth=Bearer abc\x01\x01\x01",
        b"p=tls-unique,,\x01auth=Bearer abc\x01\x01", b"x,,\x01auth=Bearer abc\x01\x01",
        b"n,auth=Bearer abc\x01\x01", b"n,a=x\x01auth=Bearer abc\x01\x01",
        b"n,a=a=b,\x01auth=Bearer abc\x01\x01", b"n,,\x01auth=Basic abc\x01\x01",
        b"n,,\x01auth=Bearer\x01\x01", b"n,,\x01auth=Bearer a b\x01\x01",
        b"n,,\x01auth=Bearer abc\x01auth=Bearer def\x01\x01", b"n,,\x01host=x\x01\x01",
        b"n,,\x01auth=Bearer \xff\x01\x01", b"user=x\x01auth=Bearer abc\x01\x01",
    ],
)  # fmt: skip
def test_what_is_no_oauthbearer_message_is_refused(message: bytes) -> None:
    with pytest.raises(BadMessage):
        parse_oauthbearer(message)


@pytest.mark.parametrize(
    "message",
    [
        b"", b"user=x", b"user=\x01auth=Bearer abc\x01\x01", b"x\x01auth=Bearer abc\x01\x01",
        b"user=x\x01auth=Bearer abc\x01", b"user=x\x01\x01", b"n,,\x01auth=Bearer abc\x01\x01",
    ],
)  # fmt: skip
def test_what_is_no_message_of_google_is_refused(message: bytes) -> None:
    with pytest.raises(BadMessage):
        parse_xoauth2(message)


@pytest.mark.parametrize("mechanism", sorted(PARSERS))
def test_message_has_a_bounded_length(mechanism: str) -> None:
    head = {"OAUTHBEARER": "n,,", "XOAUTH2": "user=x"}[mechanism] + "\x01auth=Bearer "
    room = MAX_MESSAGE - len(head) - 2
    assert PARSERS[mechanism](f"{head}{'a' * room}\x01\x01".encode()).token == "a" * room
    with pytest.raises(BadMessage):
        PARSERS[mechanism](f"{head}{'a' * (room + 1)}\x01\x01".encode())


@given(st.sampled_from(sorted(PARSERS)), st.binary(max_size=200))
def test_garbage_gives_a_token_or_is_refused(mechanism: str, message: bytes) -> None:
    with suppress(BadMessage):
        assert isinstance(PARSERS[mechanism](message), Bearer)


@given(st.from_regex(r"[A-Za-z0-9._~+/-]+=*", fullmatch=True), st.text(min_size=1, max_size=40))
def test_what_is_written_is_what_is_read(token: str, login: str) -> None:
    login = login.encode("utf-8", "replace").decode().replace("\x01", "")
    escaped = login.replace("=", "=3D").replace(",", "=2C")
    name = f"a={escaped}" if escaped else ""
    message = f"n,{name},\x01auth=Bearer {token}\x01\x01".encode()
    assert parse_oauthbearer(message) == Bearer(token, login)


def test_refusal_tells_how_a_token_is_had() -> None:
    """RFC 7628 §3.2.2."""
    told = json.loads(refusal("OAUTHBEARER", "imap", "https://mail.example.test"))
    assert told == {
        "status": "invalid_token",
        "scope": "imap",
        "openid-configuration": (
            "https://mail.example.test/.well-known/oauth-authorization-server"
        ),
    }
    told = json.loads(refusal("XOAUTH2", "smtp", "https://mail.example.test"))
    assert (told["status"], told["schemes"], told["scope"]) == ("401", "bearer", "smtp")
