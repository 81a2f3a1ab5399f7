"""ARC: a chain that holds, one that does not, a seal of our own, and whom to believe."""

from collections.abc import Callable

import dkim
import pytest
from pytest_django.fixtures import Settings as Configured

from groupware.core import dns, limits
from mail.authentication import keys
from mail.authentication.arc import seal_message
from mail.authentication.dkim import Signer
from tests.mailflow.dns import Dns
from tests.services.mail.authentication.conftest import Authenticate
from tests.services.mail.authentication.samples import MESSAGE, NOW, publish, signed

LIST = "198.51.100.7"
RESULTS = b"mx.lists.example;\r\n\tdmarc=pass (p=reject) header.from=sender.example\r\n"


def passed_on(signer: Signer, data: bytes, results: bytes = RESULTS, chain: str = "none") -> bytes:
    """Return a message as a list passes it on: changed, and sealed."""
    changed = data.replace(b"Subject: ", b"Subject: [list] ").replace(
        b"\r\n\r\n", b"\r\n\r\nHi!\r\n", 1
    )
    return seal_message(changed, results, chain, signer, NOW) + changed


@pytest.fixture
def lister(zone: Dns) -> Signer:
    zone.add_txt("lists.example", f"v=spf1 ip4:{LIST} -all")
    return publish(zone, "lists.example")


def txt(name: bytes, timeout: int = 5) -> bytes:
    found = dns.lookup_txt(name.decode().rstrip("."))
    return found[0] if found else b""


@pytest.mark.parametrize("algorithm", [keys.RSA, keys.ED25519])
def test_a_seal_of_ours_holds(zone: Dns, authenticate: Authenticate, algorithm: str) -> None:
    signer = publish(zone, "lists.example", algorithm=algorithm)
    data = passed_on(signer, MESSAGE)
    verdict = authenticate(data, peer=LIST, mail_from="l@lists.example")
    assert verdict.arc == "pass"
    if algorithm == keys.RSA:
        assert dkim.arc_verify(data, dnsfunc=txt)[0] == b"pass"


def test_a_seal_of_dkimpys_holds_and_is_gone_on_with(
    zone: Dns, lister: Signer, authenticate: Authenticate
) -> None:
    noted = b"Authentication-Results: " + RESULTS + MESSAGE
    pem = keys.export_private(lister.key).encode()
    first = (
        b"".join(dkim.arc_sign(noted, b"s1", b"lists.example", pem, b"mx.lists.example")) + noted
    )
    assert authenticate(first).arc == "pass"
    second = passed_on(publish(zone, "more.example"), first, chain="pass")
    assert authenticate(second).arc == "pass"
    assert dkim.arc_verify(second, dnsfunc=txt)[0] == b"pass"


CHANGES: list[Callable[[bytes], bytes]] = [
    lambda data: data.replace(b"Hi!", b"Ho!"),
    lambda data: data.replace(b"[list]", b"[other]"),
    lambda data: data.replace(b"dmarc=pass", b"dmarc=fail", 1),
    lambda data: data.replace(b"cv=none", b"cv=pass"),
    lambda data: data.replace(b"cv=none", b"cv=fail"),
    lambda data: data.replace(b"ARC-Seal: i=1", b"ARC-Seal: i=2"),
    lambda data: data.replace(b"i=1", b"i=0"),
    lambda data: data.replace(b"i=1", b"i=2"),
    lambda data: data.replace(b"i=1", b"i=x"),
    lambda data: data.replace(b"ARC-Seal:", b"X-Seal:"),
    lambda data: data[: data.index(b"ARC-Message")] + data,
    lambda data: data.replace(b"ARC-Seal: i=1;", b"ARC-Seal: i=1; h=from;"),
    lambda data: data.replace(b"d=lists.example", b"d=lists2.example"),
    lambda data: data.replace(b"ARC-Seal: i=1;", b"ARC-Seal: i=1;" + b" " * 20_000),
    lambda data: data.replace(b"ARC-Seal: i=1;", b"ARC-Seal: i=1; i=1;"),
    lambda data: b"ARC-Seal: nothing\r\n" + data,
    lambda data: data.replace(b"h=from:", b"h=arc-seal:from:"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_chain_that_is_broken_fails_and_is_not_gone_on_with(
    lister: Signer, authenticate: Authenticate, change: Callable[[bytes], bytes]
) -> None:
    data = change(passed_on(lister, MESSAGE))
    assert authenticate(data).arc == "fail"
    assert seal_message(data, RESULTS, "fail", lister, NOW) == b""
    assert seal_message(data, RESULTS, "none", lister, NOW) == b""


def test_a_chain_has_fifty_links_at_most(lister: Signer, authenticate: Authenticate) -> None:
    data, chain = MESSAGE, "none"
    for _ in range(51):
        data = seal_message(data, RESULTS, chain, lister, NOW) + data
        chain = "pass"
    assert data.count(b"ARC-Seal:") == 50
    assert authenticate(data).arc == "pass"
    longer = data[: data.index(b"ARC-Seal", 1)].replace(b"i=50", b"i=51") + data
    assert authenticate(longer).arc == "fail"


def test_nothing_is_sealed_that_has_no_author(lister: Signer) -> None:
    assert seal_message(b"Subject: x\r\n\r\n", RESULTS, "none", lister, NOW) == b""


def test_a_trusted_sealer_outweighs_a_failure_and_no_other_does(
    lister: Signer, signer: Signer, authenticate: Authenticate, settings: Configured
) -> None:
    data = passed_on(lister, signed(signer))
    options = {"peer": LIST, "mail_from": "l@lists.example"}
    verdict = authenticate(data, **options)
    assert (verdict.dmarc, verdict.policy, verdict.arc) == ("fail", "reject", "pass")
    settings.GROUPWARE_TRUSTED_SEALERS = frozenset({"lists.example"})
    verdict = authenticate(data, **options)
    assert (verdict.dmarc, verdict.policy, verdict.arc) == ("fail", "none", "pass")
    assert b"dis=none arc=lists.example" in verdict.header
    settings.GROUPWARE_TRUSTED_SEALERS = frozenset({"other.example"})
    assert authenticate(data, **options).policy == "reject"


@pytest.mark.parametrize(
    "results",
    [
        b"mx.lists.example; dmarc=fail\r\n",
        b'mx.lists.example; spf=pass smtp.mailfrom="x; dmarc=pass"; dmarc=fail\r\n',
        b"mx.lists.example; spf=none (x; dmarc=pass); dmarc=none\r\n",
        b"mx.lists.example; none\r\n",
    ],
)
def test_what_the_sealer_did_not_see_pass_is_not_vouched_for(
    lister: Signer,
    signer: Signer,
    authenticate: Authenticate,
    settings: Configured,
    results: bytes,
) -> None:
    settings.GROUPWARE_TRUSTED_SEALERS = frozenset({"lists.example"})
    data = passed_on(lister, signed(signer), results)
    verdict = authenticate(data, peer=LIST, mail_from="l@lists.example")
    assert (verdict.policy, verdict.arc) == ("reject", "pass")


def test_a_stranger_before_a_trusted_sealer_is_not_believed(
    zone: Dns,
    lister: Signer,
    signer: Signer,
    authenticate: Authenticate,
    settings: Configured,
) -> None:
    settings.GROUPWARE_TRUSTED_SEALERS = frozenset({"lists.example"})
    forged = passed_on(publish(zone, "stranger.example"), MESSAGE)
    data = passed_on(lister, forged, chain="pass")
    verdict = authenticate(data, peer=LIST, mail_from="l@lists.example")
    assert (verdict.policy, verdict.arc) == ("reject", "pass")


def test_all_of_it_ends_at_the_limit(
    zone: Dns, lister: Signer, authenticate: Authenticate, settings: Configured
) -> None:
    name = limits.AUTHENTICATION_TIMEOUT.name
    settings.GROUPWARE_LIMITS = settings.GROUPWARE_LIMITS | {name: 1}
    for silent in ("a.example", "s1._domainkey.lists.example", "_dmarc.sender.example"):
        zone.ignore(silent)
    from groupware.core.clock import monotonic

    began = monotonic()
    verdict = authenticate(signed(lister, passed_on(lister, MESSAGE)), mail_from="x@a.example")
    assert monotonic() - began < 3
    assert (verdict.spf, verdict.dmarc, verdict.policy) == ("temperror", "temperror", "none")
