"""Apple's configuration profile (.mobileconfig): mail, calendars and contacts in one tap.

Keys are those of Apple's device management reference. The profile is signed with the server's own
certificate, so a phone shows who made it (CMS, RFC 5652); one that was made here is shown as
"not verified", like that of a connection.
"""

import plistlib
from dataclasses import dataclass
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7

from groupware.clientconfig.servers import Dav, Server, Servers, find_servers
from groupware.core.tls import certificate_files

CONTENT_TYPE: Final = "application/x-apple-aspen-config"
_PASSWORD: Final = "EmailAuthPassword"  # noqa: S105 - Apple's word for a way to log in


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a profile is for; without a password the phone asks for one."""

    address: str
    name: str = ""
    password: str = ""


def render(owner: Owner, description: str) -> bytes:
    """Return the signed profile of an account; `description` is what the phone shows of it."""
    return sign(plistlib.dumps(describe(owner, description, find_servers())))


def describe(owner: Owner, description: str, servers: Servers) -> dict[str, Any]:
    """Return the profile as a property list. Its ids are the same each time: a new one replaces it."""
    domain = owner.address.rpartition("@")[2]
    content = []
    if servers.imap is not None and servers.smtp is not None:
        content.append(_mail(owner, servers.imap, servers.smtp))
    if servers.dav is not None:
        content.append(_dav(owner, servers.dav, "CalDAV"))
        content.append(_dav(owner, servers.dav, "CardDAV"))
    return {
        **_common(owner, "Configuration", "profile"),
        "PayloadDisplayName": domain,
        "PayloadDescription": description,
        "PayloadOrganization": domain,
        "PayloadContent": content,
    }


def _common(owner: Owner, kind: str, part: str) -> dict[str, Any]:
    local_part, _, domain = owner.address.rpartition("@")
    backwards = ".".join(reversed(domain.split(".")))
    return {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{backwards}.{local_part}.{part}",
        "PayloadUUID": str(uuid5(NAMESPACE_URL, f"mailto:{owner.address}#{part}")).upper(),
    }


def _mail(owner: Owner, imap: Server, smtp: Server) -> dict[str, Any]:
    held: dict[str, Any] = {
        **_common(owner, "com.apple.mail.managed", "mail"),
        "PayloadDisplayName": owner.address,
        "EmailAccountDescription": owner.address,
        "EmailAccountName": owner.name or owner.address,
        "EmailAccountType": "EmailTypeIMAP",
        "EmailAddress": owner.address,
        "OutgoingPasswordSameAsIncomingPassword": True,
    }
    for direction, server in (("Incoming", imap), ("Outgoing", smtp)):
        held |= {
            f"{direction}MailServerAuthentication": _PASSWORD,
            f"{direction}MailServerHostName": server.host,
            f"{direction}MailServerPortNumber": server.port,
            f"{direction}MailServerUseSSL": True,
            f"{direction}MailServerUsername": owner.address,
        }
        if owner.password:
            held[f"{direction}Password"] = owner.password
    return held


def _dav(owner: Owner, dav: Dav, kind: str) -> dict[str, Any]:
    held: dict[str, Any] = {
        **_common(owner, f"com.apple.{kind.lower()}.account", kind.lower()),
        "PayloadDisplayName": f"{owner.address} ({kind})",
        f"{kind}AccountDescription": owner.address,
        f"{kind}HostName": dav.host,
        f"{kind}Port": dav.port,
        f"{kind}UseSSL": True,
        f"{kind}Username": owner.address,
    }
    if owner.password:
        held[f"{kind}Password"] = owner.password
    return held


def sign(profile: bytes) -> bytes:
    """Return the profile inside a CMS SignedData (DER) of the server's certificate.

    Where its key is of a kind that CMS does not know here the profile goes out unsigned, which
    phones take as well and say so.
    """
    cert_file, key_file = certificate_files()
    leaf, *chain = x509.load_pem_x509_certificates(cert_file.read_bytes())
    key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        return profile
    builder = pkcs7.PKCS7SignatureBuilder().set_data(profile)
    builder = builder.add_signer(leaf, key, hashes.SHA256())
    for above in chain:
        builder = builder.add_certificate(above)
    return builder.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])
