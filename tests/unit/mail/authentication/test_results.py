"""Authentication-Results: nothing from outside breaks ours, and nobody else's claims to be it."""

import email
import email.policy

import pytest

from mail.authentication.results import (
    Result,
    fold_results,
    remove_fields,
    remove_forged,
    render_value,
)

OWN = "mx.team.example"
REST = b"From: ann@a.example\r\nSubject: x\r\n\r\nAuthentication-Results: mx.team.example; x=y\r\n"

FORGED = [
    b"Authentication-Results: mx.team.example; dmarc=pass\r\n",
    b"AUTHENTICATION-results:MX.Team.Example; dmarc=pass\r\n",
    b"Authentication-Results : mx.team.example; dmarc=pass\r\n",
    b"Authentication-Results\r\n : mx.team.example; dmarc=pass\r\n",
    b"Authentication-Results:\r\n\tmx.team.example;\r\n dmarc=pass\r\n",
    b"Authentication-Results: mx.team.example 1; dmarc=pass\r\n",
    b"Authentication-Results: mx.team.example/1; dmarc=pass\r\n",
    b"Authentication-Results: mx.team.example.; dmarc=pass\r\n",
    b"Authentication-Results: mx.team.example\r\n",
    b"Authentication-Results: (a (nested \\) one))\r\n (b) mx.team.example (c); dmarc=pass\r\n",
    b'Authentication-Results: "mx.team.example"; dmarc=pass\r\n',
    b'Authentication-Results: "mx.\\team.example"; dmarc=pass\r\n',
    b"Authentication-Results: (unclosed mx.team.example; dmarc=pass\r\n",
    b"Authentication-Results:\r\n",
    b"Authentication-Results: ; dmarc=pass\r\n",
    b"Authentication-Results: =?utf-8?q?mx=2Eteam=2Eexample?=; dmarc=pass\r\n",
    b"Authentication-Results: m\xc3\xbc.example; dmarc=pass\r\n",
    b"Authentication-Results: mx.team.example; dmarc=pass\n",
    b"Authentication-Results: mx.team.example; dmarc=pass\r",
    b"Authentication-Results: " + b"(" * 500 + b"\r\n",
]
KEPT = [
    b"Authentication-Results: mx.other.example; dmarc=pass\r\n",
    b"Authentication-Results: mx.team.example.evil.example; dmarc=pass\r\n",
    b"Authentication-Results: (mx.team.example) mx.other.example; dmarc=pass\r\n",
    b"X-Authentication-Results: mx.team.example; dmarc=pass\r\n",
    b"Authentication-Results-Old: mx.team.example; dmarc=pass\r\n",
    b"ARC-Authentication-Results: i=1; mx.team.example; dmarc=pass\r\n",
    b"X-Note: a\r\n Authentication-Results: mx.team.example; dmarc=pass\r\n",
]


@pytest.mark.parametrize("field", FORGED)
def test_what_claims_to_be_ours_or_is_broken_goes(field: bytes) -> None:
    assert remove_forged(field + REST, OWN) == REST
    before = b"Received: from x\r\n"
    assert remove_forged(before + field + field + REST, OWN) == before + REST


@pytest.mark.parametrize("field", KEPT)
def test_what_is_anothers_stays_as_it_is(field: bytes) -> None:
    data = field + REST
    assert remove_forged(data, OWN) is data


def test_a_field_that_begins_behind_a_bare_cr_is_one_for_some_programs() -> None:
    data = b"X-Note: a\rAuthentication-Results: mx.team.example; dmarc=pass\r\n" + REST
    assert remove_forged(data, OWN) == b"X-Note: a\r\r\n" + REST


def test_other_fields_are_taken_away_by_their_names() -> None:
    data = b"X-Spam: Yes\r\nX-Spam-Status: No,\r\n score=1\r\nX-Spammy: a\r\n" + REST
    assert remove_fields(data, (b"x-spam", b"x-spam-status")) == b"X-Spammy: a\r\n" + REST


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("sender.example", "sender.example"),
        ("ann+x=y@sender.example", "ann+x=y@sender.example"),
        ("a b@x", '"a b@x"'),
        ('"; dmarc=pass (', '"\\"; dmarc=pass ("'),
        ("a\\", '"a\\\\"'),
        ("x\r\nBcc: y", '"x??Bcc: y"'),
        ("grüße", '"gr??e"'),
        ("", '""'),
        ("a" * 300, "a" * 255),
    ],
)
def test_a_value_stays_within_its_quotes(value: str, expected: str) -> None:
    expected = expected if "=" not in value or '"' in expected else f'"{expected}"'
    assert render_value(value) == expected


@pytest.mark.parametrize("evil", ['x"; dmarc=pass', "x\r\nFrom: y", ") dmarc=pass (", "\\", "\x00"])
def test_whatever_a_name_is_the_field_is_one_with_its_results(evil: str) -> None:
    results = [
        Result("spf", "fail", evil, (("smtp.mailfrom", evil), ("smtp.helo", ""))),
        Result("dkim", "none"),
    ]
    data = b"Authentication-Results: " + fold_results(OWN, results) + b"\r\n"
    message = email.message_from_bytes(data, policy=email.policy.SMTP)
    assert message.keys() == ["Authentication-Results"]
    assert all(len(line) < 998 for line in data.split(b"\r\n"))
    unfolded = data.replace(b"\r\n\t", b" ")
    assert unfolded.count(b"\r\n") == 2
    assert remove_forged(data, OWN) == b"\r\n"
