"""Microsoft's autodiscover with plain old XML (MS-OXDSCLI): what Outlook and others ask a domain.

Who asks is not known: the answer says where mail is read and sent, and nothing of any account.
ActiveSync is not spoken here, and who asks for it is told so.
"""

from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from groupware.clientconfig.servers import Server, find_servers
from groupware.core.clock import now
from groupware.core.directory import get_domain
from groupware.core.errors import GroupwareError

CONTENT_TYPE: Final = "application/xml; charset=utf-8"
OUTLOOK: Final = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
ENVELOPE: Final = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"

# MS-OXDSCLI §2.2.4.1.1.2.2.1 and what servers of Microsoft answer with.
NO_SUCH_ADDRESS: Final = 500
BAD_REQUEST: Final = 600
NO_SUCH_SCHEMA: Final = 601


@dataclass(frozen=True, slots=True)
class Asked:
    """What a program asks for: the settings of an address, in a form; "" is none that was named."""

    address: str
    schema: str = OUTLOOK


def parse_request(body: bytes) -> Asked | None:
    """Read a request in any of its namespaces; None where it is none."""
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return None
    found = {held.tag.rpartition("}")[2].lower(): (held.text or "").strip() for held in root.iter()}
    if "emailaddress" not in found:
        return None
    return Asked(found["emailaddress"], found.get("acceptableresponseschema") or OUTLOOK)


def answer(asked: Asked | None) -> str:
    """Return the settings that were asked for, or why there are none."""
    if asked is None or "@" not in asked.address:
        return _refusal(BAD_REQUEST, "The request names no e-mail address.")
    if asked.schema.lower() != OUTLOOK:
        return _refusal(
            NO_SUCH_SCHEMA, "Only settings for IMAP, POP3 and SMTP are given: choose one of these."
        )
    try:
        get_domain(asked.address.rpartition("@")[2])
    except GroupwareError:
        return _refusal(NO_SUCH_ADDRESS, "The domain of this address is not one of this server.")
    return _settings(asked.address)


def _settings(address: str) -> str:
    root = Element("Autodiscover", xmlns=ENVELOPE)
    response = SubElement(root, "Response", xmlns=OUTLOOK)
    SubElement(SubElement(response, "User"), "DisplayName").text = address
    account = SubElement(response, "Account")
    SubElement(account, "AccountType").text = "email"
    SubElement(account, "Action").text = "settings"
    account.extend(_protocol(server, address) for server in find_servers().mail)
    return _document(root)


def _protocol(server: Server, address: str) -> Element:
    """Return one server. `SSL` is what Outlook reads first, `Encryption` says which TLS it is."""
    held = Element("Protocol")
    values = {
        "Type": server.kind.upper(),
        "Server": server.host,
        "Port": str(server.port),
        "DomainRequired": "off",
        "LoginName": address,
        "SPA": "off",
        "SSL": "on",
        "Encryption": "SSL" if server.is_tls else "TLS",
        "AuthRequired": "on",
    }
    if server.kind == "smtp":
        values |= {"UsePOPAuth": "off", "SMTPLast": "off"}
    for name, value in values.items():
        SubElement(held, name).text = value
    return held


def _refusal(code: int, message: str) -> str:
    moment = now()
    root = Element("Autodiscover", xmlns=ENVELOPE)
    response = SubElement(root, "Response")
    error = SubElement(response, "Error", Time=f"{moment:%H:%M:%S.%f}0", Id=f"{moment:%j%H%M%S}")
    SubElement(error, "ErrorCode").text = str(code)
    SubElement(error, "Message").text = message
    SubElement(error, "DebugData")
    return _document(root)


def _document(root: Element) -> str:
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, "unicode")}\n'
