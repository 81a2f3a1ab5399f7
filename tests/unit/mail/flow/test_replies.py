import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.flow.replies import MAX_TEXT, found_out, read_reply, soften


@pytest.mark.parametrize(
    ("code", "text", "status", "shown"),
    [
        (250, b"2.1.5 ok", "2.1.5", "2.1.5 ok"),
        (550, b"5.1.1 no such user\n5.1.1 at all", "5.1.1", "5.1.1 no such user 5.1.1 at all"),
        (550, b"no such user", "5.0.0", "no such user"),
        (450, b"5.1.1 contradicts itself", "4.0.0", "5.1.1 contradicts itself"),
        (354, b"go on", "4.0.0", "go on"),
        (999, b"", "4.0.0", ""),
        (550, b"5.7.1\x1b[2J\x00\xff", "5.0.0", "5.7.1?[2J?\ufffd"),
    ],
)
def test_a_reply_is_one_line_with_its_status(
    code: int, text: bytes, status: str, shown: str
) -> None:
    reply = read_reply(code, text)
    assert (reply.status, reply.text) == (status, shown)


def test_what_is_said_of_this_server_is_never_final() -> None:
    refused = read_reply(554, b"5.7.1 you are listed")
    assert refused.is_final
    softened = soften(refused)
    assert (softened.code, softened.status, softened.is_final) == (554, "4.7.1", False)
    assert soften(softened) is softened
    assert not soften(read_reply(250, b"ok")).is_success, "no answer to STARTTLS"


def test_only_servers_have_a_diagnostic() -> None:
    assert read_reply(550, b"5.1.1 no").diagnostic == "smtp; 550 5.1.1 no"
    assert found_out("5.1.2", "no").diagnostic == ""


@given(st.integers(0, 999), st.binary(max_size=2_000))
def test_whatever_is_said_fits_into_its_row(code: int, text: bytes) -> None:
    reply = read_reply(code, text)
    assert len(reply.text) <= MAX_TEXT
    assert reply.text.isprintable()
    assert reply.status[0] in "245"
    assert len(reply.status) <= 16
