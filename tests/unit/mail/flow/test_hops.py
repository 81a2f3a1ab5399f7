"""Who gave a message to the servers in front, by what each of them writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.flow.hops import MAX_HOPS, SeenClient, list_clients

BY = b" by mx.example.test (Postfix) with ESMTPS id 4X; Mon, 30 Nov 2026 10:00:00 +0000\r\n"
SEEN = SeenClient("192.0.2.7", "mx.there.example")


def clients(*values: bytes) -> list[SeenClient | None]:
    fields = b"".join(b"Received: from " + value + b"\r\n" + BY for value in values)
    return list_clients(fields + b"Subject: x\r\n\r\nReceived: from x ([192.0.2.9])\r\n")


@pytest.mark.parametrize(
    "value",
    [
        b"mx.there.example (mail7.there.example [192.0.2.7])",
        b"mx.there.example (unknown [192.0.2.7])",
        b"mx.there.example ([192.0.2.7])",
        b"mx.there.example (mail7.there.example [192.0.2.7] (may be forged))",
        b"mx.there.example\r\n\t(mail7.there.example\r\n\t[192.0.2.7])",
        b"mail7.there.example ([192.0.2.7] helo=mx.there.example)",
        b"[192.0.2.7] (helo=mx.there.example)",
        b"mx.there.example (192.0.2.7)",
    ],
)
def test_each_server_has_its_form(value: bytes) -> None:
    assert clients(value) == [SEEN]


@pytest.mark.parametrize(
    ("value", "peer"),
    [
        (b"[203.0.113.1] (unknown [192.0.2.7])", "192.0.2.7"),
        (b"mail7.there.example ([192.0.2.7] helo=[203.0.113.1])", "192.0.2.7"),
        (b"[192.0.2.7] (helo=[203.0.113.1])", "192.0.2.7"),
        (b"x ([IPv6:2001:db8::7])", "2001:db8::7"),
    ],
)
def test_what_a_client_says_of_itself_is_not_its_address(value: bytes, peer: str) -> None:
    [found] = clients(value)
    assert found is not None
    assert found.peer == peer


@pytest.mark.parametrize(
    "value",
    [
        b"[192.0.2.7]",
        b"mx.there.example",
        b"x (unknown)",
        b"x ([999.0.2.7])",
        b"x ([1.2.3])",
        b"()",
    ],
)
def test_what_names_no_address_is_not_guessed(value: bytes) -> None:
    assert clients(value, b"mx.there.example ([192.0.2.7])") == [None, SEEN]


def test_what_a_server_made_itself_is_no_hop_of_a_client() -> None:
    assert list_clients(b"Received: by mx.example.test (Postfix, from userid 0)\r\n") == [None]
    assert list_clients(b"Subject: x\r\n\r\n") == []


def test_only_the_youngest_are_read() -> None:
    assert len(clients(*[b"x ([192.0.2.7])"] * (MAX_HOPS + 1))) == MAX_HOPS


@given(st.lists(st.sampled_from([b"(", b")", b"[", b"]", b"1.2.3.4", b"helo=", b"from ", b" a"])))
def test_garbage_is_no_error(pieces: list[bytes]) -> None:
    for found in clients(b"".join(pieces)):
        assert found is None or found.peer == "1.2.3.4"
