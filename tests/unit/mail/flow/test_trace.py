"""Trace fields say the way, and nothing that a peer says adds a line to them."""

from datetime import UTC, datetime

import pytest

from mail.flow.trace import Hop, delivered_to, received, return_path

DATE = datetime(2026, 11, 29, 22, 30, tzinfo=UTC)


def test_a_hop_names_both_sides_and_the_way_between_them() -> None:
    hop = Hop("mx.there.example", "192.0.2.1", "ours.example", "ESMTPS", "s1", "AES", "ann@x.y")
    assert received(hop, DATE).decode().split("\r\n") == [
        "Received: from mx.there.example ([192.0.2.1])",
        "\tby ours.example with ESMTPS id s1",
        "\tfor <ann@x.y>",
        "\ttls AES;",
        "\tSun, 29 Nov 2026 22:30:00 +0000",
        "",
    ]


def test_an_address_of_version_6_says_so() -> None:
    hop = Hop("", "2001:db8::1", "ours.example", "SMTP", "s1")
    first = received(hop, DATE).splitlines()[0]
    assert first == b"Received: from unknown ([IPv6:2001:db8::1])"


@pytest.mark.parametrize("said", ["a\r\nX: y", "a\nX: y", "a\0X: y", "a\r\n\r\nX: y"])
def test_no_line_comes_from_outside(said: str) -> None:
    hop = Hop(said, said, said, "ESMTP", "s1", said, said)
    for octets, lines in (
        (return_path(said), 1),
        (delivered_to(said), 1),
        (received(hop, DATE), 5),
    ):
        assert octets.count(b"\n") == lines
        assert octets.count(b"\r\n") == lines
        assert octets.endswith(b"\r\n")
        assert b"\r\n\r\n" not in octets
