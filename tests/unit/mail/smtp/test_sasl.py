"""PLAIN and LOGIN, answer by answer."""

import pytest

from mail.sasl import Bearer
from mail.smtp.sasl import MECHANISMS, Credentials, Login, Plain, Token
from mail.smtp.wire import ProtocolError


@pytest.mark.parametrize(
    ("answer", "credentials"),
    [
        (b"\0ann\0secret", Credentials("ann", "secret")),
        (b"ann\0ann\0secret", Credentials("ann", "secret")),
        (b"ben\0ann\0secret", Credentials("ann", "secret", acts_for="ben")),
        ("\0ann\0grüße".encode(), Credentials("ann", "grüße")),
        (b"\0\0", Credentials("", "")),
    ],
)
def test_plain_is_one_answer(answer: bytes, credentials: Credentials) -> None:
    plain = Plain()
    assert plain.challenge == b""
    assert plain.take(answer) == credentials


@pytest.mark.parametrize("answer", [b"", b"ann", b"\0ann", b"\0a\0b\0c", b"\0\xff\0x"])
def test_what_is_no_plain_message_is_refused(answer: bytes) -> None:
    with pytest.raises(ProtocolError):
        Plain().take(answer)


def test_login_asks_for_the_name_and_then_for_the_password() -> None:
    login = Login()
    assert login.challenge == b"Username:"
    assert login.take(b"ann") is None
    assert login.challenge == b"Password:"
    assert login.take(b"se\0cret") == Credentials("ann", "se\0cret")


def test_login_takes_utf8_only() -> None:
    with pytest.raises(ProtocolError):
        Login().take(b"\xff")


def test_these_are_the_mechanisms() -> None:
    assert list(MECHANISMS) == ["PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"]


def test_token_is_one_answer() -> None:
    token = Token("OAUTHBEARER")
    assert token.challenge == b""
    assert token.take(b"n,a=ann,\x01auth=Bearer abc\x01\x01") == Bearer("abc", "ann")
    with pytest.raises(ProtocolError):
        token.take(b"\0ann\0secret")
