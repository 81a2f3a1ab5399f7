"""DKIM: what holds, what does not and why, beside dkimpy as another's opinion."""

import base64
import re
from collections.abc import Callable

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from groupware.core import dns
from mail.authentication import Verdict, canonical, keys
from mail.authentication.dkim import MAX_SIGNATURES, Signer, sign_message
from mail.authentication.signatures import Bodies
from tests.mailflow.dns import Dns
from tests.services.mail.authentication.conftest import Authenticate
from tests.services.mail.authentication.samples import MESSAGE, NOW, private_key, publish, signed

METHODS = (b"simple", b"relaxed")


def told(verdict: Verdict) -> str:
    """Return what the field says of the first signature."""
    unfolded = re.sub(r"\r\n[ \t]+", " ", verdict.header.decode("ascii"))
    return unfolded.partition("dkim=")[2].partition(";")[0]


def theirs(signer: Signer, data: bytes = MESSAGE, **options: object) -> bytes:
    """Return a message that dkimpy has signed."""
    pem = keys.export_private(signer.key).encode()
    field = dkim.sign(data, signer.selector.encode(), signer.domain.encode(), pem, **options)
    return bytes(field) + data


def txt_by_dkimpy(name: bytes, timeout: int = 5) -> bytes:
    found = dns.lookup_txt(name.decode().rstrip("."))
    return found[0] if found else b""


@pytest.mark.parametrize("algorithm", [keys.RSA, keys.ED25519])
def test_what_we_sign_holds_for_us_and_for_dkimpy(
    zone: Dns, authenticate: Authenticate, algorithm: str
) -> None:
    signer = publish(zone, "sender.example", algorithm=algorithm)
    data = signed(signer)
    verdict = authenticate(data)
    assert verdict.dkim == ("sender.example",)
    assert told(verdict).startswith(
        f"pass header.d=sender.example header.s=s1 header.a={algorithm}-sha256 header.b="
    )
    assert dkim.verify(data, dnsfunc=txt_by_dkimpy)


@pytest.mark.parametrize("body", METHODS)
@pytest.mark.parametrize("fields", METHODS)
def test_what_dkimpy_signs_holds_for_us(
    signer: Signer, authenticate: Authenticate, fields: bytes, body: bytes
) -> None:
    data = theirs(signer, canonicalize=(fields, body))
    assert authenticate(data).dkim == ("sender.example",)
    assert authenticate(data.replace(b"as promised", b"as  promised")).dkim == (
        ("sender.example",) if body == b"relaxed" else ()
    )
    assert authenticate(data.replace(b"the  meeting", b"the meeting")).dkim == (
        ("sender.example",) if fields == b"relaxed" else ()
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\r\n",
        b"\r\n\r\n",
        b" \r\n",
        b"x",
        b"x \r\n",
        b"x\r\n\t\r\n",
        b"a \t b\r\n\r\nc\t\r\n",
        b"\r\n" * 20_000,
        b"a\r\rb\r\n",
        "Grüße\r\n".encode(),
        b"\x00\xff \xfe\r\n",
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_a_body_of_any_form_is_hashed_as_dkimpy_does(
    signer: Signer, authenticate: Authenticate, method: bytes, body: bytes
) -> None:
    data = MESSAGE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + body
    assert authenticate(theirs(signer, data, canonicalize=(b"relaxed", method))).dkim


CHANGES: list[tuple[Callable[[bytes], bytes], str]] = [
    (lambda data: data.replace(b"as promised", b"as agreed"), "fail (body has changed)"),
    (lambda data: data.replace(b"Minutes", b"Hours"), "fail (signature does not match)"),
    (lambda data: b"Subject: another\r\n" + data, "fail (signature does not match)"),
    (lambda data: b"From: x@bank.example\r\n" + data, "fail (signature does not match)"),
    (lambda data: data.replace(b"a=rsa-sha256", b"a=rsa-sha1"), "policy (SHA-1)"),
    (lambda data: data.replace(b"a=rsa-sha256", b"a=none"), "permerror (unknown algorithm)"),
    (lambda data: data.replace(b"v=1;", b"v=2;", 1), "permerror (unknown version)"),
    (lambda data: data.replace(b"h=from:from:", b"h="), "permerror (From is not signed)"),
    (lambda data: data.replace(b"d=sender.", b"d=other."), "permerror (no key)"),
    (lambda data: data.replace(b"d=sender.", b"d=(sender)."), "permerror (no domain name"),
    (lambda data: data.replace(b"s=s1;", b"s=s1; s=s1;"), "permerror (a tag comes twice)"),
    (lambda data: data.replace(b"bh=", b"bh=!"), "permerror (no base64"),
    (lambda data: data.replace(b"v=1;", b"v=1; i=x@y.example;", 1), "permerror (i= is not of d=)"),
    (lambda data: data.replace(b"v=1;", b"v=1; x=1;", 1), "policy (expired)"),
    (lambda data: data.replace(b"c=relaxed/", b"c=lax/"), "permerror (unknown canonicalization)"),
    (lambda data: data.replace(b"a=rsa-", b"a=ed25519-"), "permerror (key of another kind than"),
    (lambda data: data.replace(b"v=1;", b"v=1; x=soon;", 1), "permerror (no number in x=)"),
    (lambda data: data.replace(b"v=1;", b"v=1; l=5;", 1), "policy (only a part of the body"),
    (lambda data: data.replace(b"t=17", b"t=97", 1), "policy (signed in the future)"),
    (lambda data: data.replace(b"v=1;", b"v=1;" + b" " * 20_000, 1), "policy (signature too long)"),
    (
        lambda data: b"DKIM-Signature: nothing\r\n" + data[data.index(b"From:") :],
        "permerror (a tag has no name",
    ),
]


@pytest.mark.parametrize(("change", "reason"), CHANGES)
def test_what_does_not_hold_says_why(
    signer: Signer,
    authenticate: Authenticate,
    change: Callable[[bytes], bytes],
    reason: str,
) -> None:
    verdict = authenticate(change(signed(signer)))
    assert told(verdict).startswith(reason)
    assert verdict.dkim == ()


def test_a_second_from_that_is_not_signed_makes_a_signature_worthless(
    signer: Signer, authenticate: Authenticate
) -> None:
    once = theirs(signer, include_headers=[b"From", b"Subject"])
    assert authenticate(once).dkim
    assert told(authenticate(once.replace(b"To:", b"From: x@bank.example\r\nTo:"))).startswith(
        "fail"
    )
    assert told(authenticate(b"From: x@bank.example\r\n" + once)).startswith("policy (a From")


OF_A_CURVE = base64.b64encode(
    ec.generate_private_key(ec.SECP256R1())
    .public_key()
    .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()
RECORDS = [
    ("v=DKIM1; p=", "permerror (key revoked)"),
    ("v=DKIM1", "permerror (key record without a key)"),
    ("v=DKIM2; p=AAAA", "permerror (key record of another version)"),
    ("v=DKIM1; h=sha1; p=AAAA", "permerror (key not for sha256)"),
    ("v=DKIM1; s=tlsrpt; p=AAAA", "permerror (key not for mail)"),
    ("v=DKIM1; k=dsa; p=AAAA", "permerror (key of an unknown kind)"),
    ("v=DKIM1; p=AAAA", "permerror (key unreadable)"),
    ("v=DKIM1; p=?", "permerror (key unreadable)"),
    ("v=DKIM1; k=ed25519; p=AAAA", "permerror (key unreadable)"),
    ("=;=", "permerror (key record unreadable)"),
    (f"p={OF_A_CURVE}", "permerror (key of another kind than it says)"),
    ("v=DKIM1; p=" + "A" * 9_000, "permerror (key record too long)"),
]


@pytest.mark.parametrize(("record", "reason"), RECORDS)
def test_a_key_that_is_none_says_why(
    zone: Dns, signer: Signer, authenticate: Authenticate, record: str, reason: str
) -> None:
    zone.remove("s1._domainkey.sender.example", "TXT")
    zone.add_txt("s1._domainkey.sender.example", record)
    assert told(authenticate(signed(signer))).startswith(reason)


@pytest.mark.parametrize(
    ("bits", "exponent", "reason"),
    [(512, 65537, "policy (key too short)"), (16_384, 65537, "permerror (key too long)")],
)
def test_keys_are_of_a_size_that_proves_something_and_costs_little(
    zone: Dns, signer: Signer, authenticate: Authenticate, bits: int, exponent: int, reason: str
) -> None:
    # Any odd number of the size: nobody asks whether it is a product of two primes.
    key = rsa.RSAPublicNumbers(exponent, (1 << bits) - 1).public_key()
    octets = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    zone.remove("s1._domainkey.sender.example", "TXT")
    zone.add_txt("s1._domainkey.sender.example", f"p={base64.b64encode(octets).decode()}")
    assert told(authenticate(signed(signer))).startswith(reason)


def test_a_key_may_want_the_identity_to_be_the_domain_itself(
    zone: Dns, signer: Signer, authenticate: Authenticate
) -> None:
    below = theirs(signer, identity=b"@news.sender.example")
    assert authenticate(below).dkim
    record = keys.render_record(signer.key).replace("k=rsa", "k=rsa; t=s")
    zone.remove("s1._domainkey.sender.example", "TXT")
    zone.add_txt("s1._domainkey.sender.example", record)
    assert told(authenticate(below)).startswith("permerror (i= is not d=")
    assert authenticate(signed(signer)).dkim


def test_a_key_that_cannot_be_had_now_is_a_temporary_error(
    zone: Dns, signer: Signer, authenticate: Authenticate
) -> None:
    zone.fail("s1._domainkey.sender.example")
    verdict = authenticate(signed(signer), peer="192.0.2.66")
    assert told(verdict).startswith("temperror (key not to be had now)")
    assert (verdict.dmarc, verdict.policy) == ("temperror", "none")


def test_a_bounded_number_of_signatures_is_checked(
    signer: Signer, authenticate: Authenticate
) -> None:
    field = sign_message(MESSAGE, signer, NOW)
    broken = field.replace(b"bh=", b"bh=A")
    assert authenticate(broken * (MAX_SIGNATURES - 1) + field + MESSAGE).dkim
    beyond = authenticate(broken * MAX_SIGNATURES + field + MESSAGE)
    assert beyond.dkim == ()
    assert b"more signatures than are checked" in beyond.header


def test_line_feeds_alone_end_lines_as_they_do_for_whoever_reads_the_message(
    signer: Signer, authenticate: Authenticate
) -> None:
    assert authenticate(signed(signer).replace(b"\r\n", b"\n")).dkim
    hidden = signed(signer).replace(b"Subject:", b"X-Note: a\nFrom: x@bank.example\r\nSubject:", 1)
    assert authenticate(hidden).dkim == ()


def test_a_body_is_hashed_once_for_each_form() -> None:
    bodies = Bodies(b"x" * 100)
    assert bodies.hash(b"relaxed") is bodies.hash(b"relaxed")
    assert bodies.hash(b"simple")[1] == 102


def test_a_header_past_the_bounds_is_not_looked_at(
    signer: Signer, authenticate: Authenticate
) -> None:
    padding = b"X-Padding: " + b"x" * canonical.MAX_HEADER + b"\r\n"
    assert authenticate(padding + signed(signer)).dkim == ()
    assert authenticate(b"X: y\r\n" * 3_000 + signed(signer)).dkim == ()


def test_a_domain_that_is_testing_is_told_to_be(
    zone: Dns, signer: Signer, authenticate: Authenticate
) -> None:
    record = keys.render_record(signer.key).replace("k=rsa", "k=rsa; t=y")
    zone.remove("s1._domainkey.sender.example", "TXT")
    zone.add_txt("s1._domainkey.sender.example", record)
    assert told(authenticate(signed(signer))).startswith("pass (the domain is testing)")


def test_private_keys_are_read_as_they_were_written() -> None:
    for algorithm in (keys.RSA, keys.ED25519):
        key = private_key("kept", algorithm)
        read = keys.load_private(keys.export_private(key))
        assert keys.render_record(read) == keys.render_record(key)
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with pytest.raises(ValueError, match="neither RSA nor Ed25519"):
        keys.load_private(other.decode())
