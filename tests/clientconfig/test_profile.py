"""Apple's profile: whole, of published keys, and signed by the server as OpenSSL sees it."""

import plistlib
import subprocess
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from pytest_django.fixtures import Settings

from groupware.clientconfig import profile
from groupware.clientconfig.profile import Owner
from groupware.clientconfig.servers import find_servers
from groupware.core.tls import ensure_certificate, own_certificate_files
from tests.clientconfig.apple import faults_of

ANN = Owner("ann@team.example", "Ann Örn <&>", "0123abcd-secret")
ANSWER = "Mail, calendars and contacts"


@pytest.fixture(autouse=True)
def certificate(settings: Settings, tmp_path: Path) -> Path:
    settings.GROUPWARE_PUBLIC_URL = "https://mail.example.org"
    settings.GROUPWARE_DATA = tmp_path
    ensure_certificate(tmp_path, ["mail.example.org"])
    return own_certificate_files(tmp_path)[0]


def opened(signed: bytes, certificate: Path, tool: str = "cms") -> bytes:
    """Return what OpenSSL verifies to be signed with the certificate, and what it says inside."""
    file = certificate.parent / "profile.mobileconfig"
    file.write_bytes(signed)
    trusted = ["-CAfile", str(certificate), "-purpose", "any"]
    command = ["openssl", tool, "-verify", "-binary", "-inform", "DER", "-in", str(file), *trusted]
    done = subprocess.run(command, check=False, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.mark.parametrize("tool", ["cms", "smime"])
def test_openssl_verifies_it_and_a_property_list_is_inside(certificate: Path, tool: str) -> None:
    held = plistlib.loads(opened(profile.render(ANN, ANSWER), certificate, tool))
    assert held["PayloadDescription"] == ANSWER
    assert faults_of(held) == []
    kinds = [payload["PayloadType"] for payload in held["PayloadContent"]]
    assert kinds == [
        "com.apple.mail.managed",
        "com.apple.caldav.account",
        "com.apple.carddav.account",
    ]


def test_openssl_refuses_it_once_it_is_changed(certificate: Path) -> None:
    signed = profile.render(ANN, ANSWER)
    at = signed.index(b"mail.example.org")
    changed = signed[:at] + b"evil" + signed[at + 4 :]
    with pytest.raises(AssertionError):
        opened(changed, certificate)


def describe(owner: Owner = ANN) -> dict[str, Any]:
    return profile.describe(owner, ANSWER, find_servers())


def test_it_leads_to_the_servers_over_tls() -> None:
    mail, calendars, contacts = describe()["PayloadContent"]
    assert (mail["IncomingMailServerHostName"], mail["IncomingMailServerPortNumber"]) == (
        "mail.example.org",
        993,
    )
    assert (mail["OutgoingMailServerPortNumber"], mail["OutgoingMailServerUseSSL"]) == (465, True)
    assert mail["EmailAccountType"] == "EmailTypeIMAP"
    assert (mail["EmailAccountName"], mail["EmailAddress"]) == (ANN.name, ANN.address)
    assert (calendars["CalDAVHostName"], calendars["CalDAVPort"]) == ("mail.example.org", 443)
    assert (contacts["CardDAVUsername"], contacts["CardDAVUseSSL"]) == (ANN.address, True)
    passwords = ("IncomingPassword", "OutgoingPassword", "CalDAVPassword", "CardDAVPassword")
    told = mail | calendars | contacts
    assert {told[name] for name in passwords} == {ANN.password}


def test_without_a_password_the_phone_asks_for_one() -> None:
    held = describe(Owner("ann@team.example"))
    assert faults_of(held) == []
    assert not [
        name
        for payload in held["PayloadContent"]
        for name in payload
        if "SameAs" not in name and name.endswith("Password")
    ]


def test_a_new_one_replaces_the_old_and_nobody_elses() -> None:
    def ids(owner: Owner) -> list[str]:
        held = describe(owner)
        return [held["PayloadUUID"], *(part["PayloadUUID"] for part in held["PayloadContent"])]

    again = ids(Owner(ANN.address, "Ann", "another"))
    assert ids(ANN) == again
    assert len({UUID(one) for one in again}) == 4
    assert not set(again) & set(ids(Owner("ben@team.example")))


def test_what_is_turned_off_is_left_out(settings: Settings) -> None:
    off = {"IMAP": 0, "IMAPS": 0}
    settings.GROUPWARE_PORTS = settings.GROUPWARE_PORTS | off
    kinds = [payload["PayloadType"] for payload in describe()["PayloadContent"]]
    assert kinds == ["com.apple.caldav.account", "com.apple.carddav.account"]


def key_of(kind: Any) -> bytes:
    made: bytes = kind.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made


def selfsign(place: Path, settings: Settings, key: bytes) -> Path:
    cert, key_file = place / "given.pem", place / "given.key"
    key_file.write_bytes(key)
    command = ["openssl", "req", "-x509", "-key", str(key_file), "-out", str(cert)]
    subprocess.run([*command, "-subj", "/CN=mail.example.org"], check=True, capture_output=True)
    settings.GROUPWARE_TLS_CERT, settings.GROUPWARE_TLS_KEY = cert, key_file
    return cert


def test_a_given_certificate_signs_too(tmp_path: Path, settings: Settings) -> None:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    cert = selfsign(tmp_path, settings, key_of(key))
    assert faults_of(plistlib.loads(opened(profile.render(ANN, ANSWER), cert))) == []


def test_a_key_that_cannot_sign_leaves_it_unsigned(tmp_path: Path, settings: Settings) -> None:
    selfsign(tmp_path, settings, key_of(ed25519.Ed25519PrivateKey.generate()))
    assert faults_of(plistlib.loads(profile.render(ANN, ANSWER))) == []
