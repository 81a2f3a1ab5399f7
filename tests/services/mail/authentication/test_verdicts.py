"""The verdict as a whole: what is written of it, and that nothing makes it fail or wait."""

import email
import email.policy
from itertools import islice
from pathlib import Path

import pytest

from groupware.core.clock import monotonic
from mail.authentication import Results, read_results, remove_forged, verdicts
from mail.authentication.dkim import Signer
from tests.mailflow.dns import Dns
from tests.services.mail.authentication.conftest import Authenticate
from tests.services.mail.authentication.samples import (
    MESSAGE,
    PEER,
    SERVER,
    results_of,
    signed,
)


def test_all_that_passes_is_written_in_one_field(
    signer: Signer, authenticate: Authenticate
) -> None:
    verdict = authenticate(signed(signer))
    assert verdict.header.startswith(
        b"Authentication-Results: mx.team.example;\r\n"
        b"\tdmarc=pass (p=reject)\r\n\t header.from=sender.example;\r\n"
        b"\tspf=pass\r\n\t smtp.mailfrom=ann@sender.example;\r\n"
        b"\tdkim=pass\r\n\t header.d=sender.example\r\n\t header.s=s1\r\n"
    )
    assert verdict.header.endswith(b";\r\n\tarc=none\r\n")
    assert (verdict.dmarc, verdict.policy, verdict.spf) == ("pass", "none", "pass")
    assert (verdict.dkim, verdict.arc, verdict.author) == (
        ("sender.example",),
        "none",
        "sender.example",
    )
    found = read_results(b"Delivered-To: x\r\n" + verdict.header + b"Received: y\r\n")
    assert found == Results(verdict.header.partition(b": ")[2], verdict.arc)


@pytest.mark.usefixtures("signer")
def test_a_third_party_that_forges_fails(authenticate: Authenticate) -> None:
    verdict = authenticate(MESSAGE, peer="198.51.100.66", helo="evil.example")
    assert results_of(verdict.header) == {
        "dmarc": "fail",
        "spf": "fail",
        "dkim": "none",
        "arc": "none",
    }
    assert (verdict.dmarc, verdict.policy) == ("fail", "reject")


@pytest.mark.parametrize(
    ("helo", "mail_from"),
    [
        ("x", 'a"b; dmarc=pass@sender.example'),
        ("x\r\nFrom: y", ""),
        ("\ud800", "\udcff@\udcff"),
        ("", "@"),
        ("x" * 5_000, "y" * 5_000 + "@" + "z." * 3_000),
    ],
)
@pytest.mark.usefixtures("zone")
def test_what_a_client_calls_itself_does_not_leave_the_field(
    authenticate: Authenticate, helo: str, mail_from: str
) -> None:
    verdict = authenticate(MESSAGE, helo=helo, mail_from=mail_from)
    message = email.message_from_bytes(verdict.header + MESSAGE, policy=email.policy.SMTP)
    assert message.keys()[:2] == ["Authentication-Results", "From"]
    assert remove_forged(verdict.header + MESSAGE, SERVER) == MESSAGE
    assert verdict.dmarc == "none"


HOSTILE = [
    b"",
    b"\r\n",
    b"\n" * 100_000,
    b" folded from the beginning\r\nFrom: a@sender.example\r\n\r\n",
    b"From: a@sender.example",
    b"From: a@sender.example\r\nDKIM-Signature: " + b";" * 10_000 + b"\r\n\r\n",
    b"From: a@sender.example\r\nDKIM-Signature: b=" + b" \r\n" * 5_000 + b"\r\n\r\n",
    b"From: a@sender.example\r\n" + b"DKIM-Signature: v=1\r\n" * 1_500 + b"\r\n\r\n",
    b"From: a@sender.example\r\n" + b"ARC-Seal: i=1\r\n" * 1_500 + b"\r\n\r\n",
    b"".join(b"ARC-Seal: i=%d\r\n" % number for number in range(200)) + b"\r\n",
    b"From: " + b"(" * 100_000 + b"\r\n\r\n",
    b"From: " + b"a@b.example, " * 20_000 + b"\r\n\r\n",
    b"From: a@" + b"x." * 20_000 + b"example\r\n\r\n",
    b"From: a@\x00\xff.example\r\nSubject: \xff\r\n\r\n",
    b"From: a@sender.example\r\n\r\n" + b" " * 3_000_000 + b"x",
]


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_messages_make_nothing_fail_or_wait(
    signer: Signer, authenticate: Authenticate, data: bytes
) -> None:
    for message in (data, signed(signer, data)):
        began = monotonic()
        verdict = authenticate(message)
        assert monotonic() - began < 3
        assert verdict.header.startswith(b"Authentication-Results: mx.team.example;")


@pytest.mark.usefixtures("zone")
def test_a_bug_of_ours_loses_no_mail(
    authenticate: Authenticate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(verdicts, "verify_signatures", broken)
    verdict = authenticate(MESSAGE)
    assert (verdict.dmarc, verdict.policy, verdict.dkim) == ("temperror", "none", ())


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_real_and_broken_mail_has_a_verdict_each(
    zone: Dns, authenticate: Authenticate, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("an error came out")

    monkeypatch.setattr(verdicts.log, "exception", fail)
    files = [path for path in sorted((corpus / "mail").glob("*.eml")) if path.is_file()]
    assert files
    for path in islice(files, 0, None, max(1, len(files) // 500)):
        verdict = authenticate(path.read_bytes(), peer=PEER)
        assert verdict.dmarc in {"none", "temperror", "fail", "pass"}


@pytest.mark.parametrize(
    ("prefix", "arc"),
    [
        (b'spf=none smtp.mailfrom="a; arc=pass@b";\r\n\tarc=fail', "fail"),
        (b"dkim=fail (a; arc=pass);\r\n\tarc=none", "none"),
        (b"dmarc=temperror", "fail"),
    ],
)
def test_what_was_seen_of_a_chain_is_not_what_a_sender_says(prefix: bytes, arc: str) -> None:
    field = b"Authentication-Results: x;\r\n\t" + prefix + b"\r\n"
    found = read_results(b"X: y\r\n" + field + b"Received: z\r\n")
    assert found == Results(field[24:], arc)
    assert read_results(b"X-" + field) is None
