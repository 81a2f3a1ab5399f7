import pytest

from mail.flow.relays import NO_TLS, OPPORTUNISTIC, STARTTLS, TLS, Relay, parse_relay


@pytest.mark.parametrize(
    ("url", "relay"),
    [
        ("smtp://mail.example", Relay("mail.example", 587, STARTTLS)),
        ("smtp://mail.example:25/?tls=opportunistic", Relay("mail.example", 25, OPPORTUNISTIC)),
        ("smtp://u:p@127.0.0.1:2525?tls=none", Relay("127.0.0.1", 2525, NO_TLS, "u", "p")),
        ("smtps://a%40b:p%2Fw@[::1]", Relay("::1", 465, TLS, "a@b", "p/w")),
        ("smtp://u:p@mail.example?tls=required", Relay("mail.example", 587, STARTTLS, "u", "p")),
    ],
)
def test_a_url_says_where_and_how(url: str, relay: Relay) -> None:
    assert parse_relay(url) == relay


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://mail.example:99999",
        "smtp://mail.example/path",
        "smtp://u@mail.example",
        "smtp://mail.example?tls=maybe",
        "smtp://mail.example?ssl=1",
        "smtps://mail.example?tls=none",
        "smtp://u:secret@mail.example?tls=opportunistic",
    ],
)
def test_what_cannot_be_meant_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        parse_relay(url)
    assert "secret" not in str(caught.value)


def test_a_password_is_not_shown() -> None:
    relay = parse_relay("smtps://user:secret@mail.example")
    assert "secret" not in repr(relay)
    assert "secret" not in relay.key
