"""What the DNS has to say of a domain so that its mail, calendars and contacts are found and believed.

RFC 5321 §5.1 (MX), 7208 (SPF), 6376 (DKIM), 7489 (DMARC), 8461 (MTA-STS), 8460 (TLS-RPT), 6186 and
8314 (SRV of mail), 8601 §3 (the name of an address), 6764 (SRV of DAV); autoconfig is what Thunderbird
and others ask for, autodiscover what Outlook does.
"""

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from dns import name as names
from dns import reversename

from groupware.core import dns
from groupware.core.directory import get_domain
from groupware.core.dns import DnsFailure
from groupware.core.networks import parse_address
from mail.services.signing import list_keys

TTL = 3600
STS_MAX_AGE = 7 * 86_400
AT_ONCE = 32
"""Records that the DNS is asked for at once; a domain has fewer."""
_STANDARD = {
    "IMAP": (1143, 143),
    "IMAPS": (1993, 993),
    "POP3": (1110, 110),
    "POP3S": (1995, 995),
    "SUBMISSION": (1587, 587),
    "SUBMISSIONS": (1465, 465),
    "HTTPS": (8443, 443),
}
"""The port that is bound by default, and the one that others reach it at then."""
_SERVICES = (
    ("_submissions", "SUBMISSIONS", 0),
    ("_submission", "SUBMISSION", 10),
    ("_imaps", "IMAPS", 0),
    ("_imap", "IMAP", 10),
    ("_pop3s", "POP3S", 20),
    ("_pop3", "POP3", 30),
    ("_caldavs", "HTTPS", 0),
    ("_carddavs", "HTTPS", 0),
    ("_autodiscover", "HTTPS", 0),
)


@dataclass(frozen=True, slots=True)
class Record:
    """One record; `value` is what stands in a zone file, of a TXT record its text.

    "" is of an address that this server does not know: whatever leads to it. `purpose` says
    what it is for, in a word or two.
    """

    name: str
    kind: str
    value: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A record and what the DNS has in its place: ok, missing, different, or unknown (no answer)."""

    record: Record
    status: str
    found: tuple[str, ...]


def mail_host() -> str:
    """Return the name under which others reach this server."""
    host = urlsplit(settings.GROUPWARE_PUBLIC_URL).hostname or ""
    is_name = "." in host and not host.replace(".", "").isdigit()
    return host if is_name else f"mail.{settings.GROUPWARE_DOMAIN}"


def public_port(role: str) -> int:
    """Return the port at which others reach a service, 0 where it is turned off.

    What is bound to the default, which needs no rights, is taken to be led there from the port
    that its RFC names.
    """
    bound: int = settings.GROUPWARE_PORTS[role]
    default, standard = _STANDARD[role]
    return standard if bound == default else bound


def sts_policy(host: str) -> str:
    """Return the policy for `/.well-known/mta-sts.txt` (RFC 8461 §3.2).

    It is enforced where this server has a certificate that others can check.
    """
    mode = "enforce" if settings.GROUPWARE_TLS_CERT else "testing"
    lines = ("version: STSv1", f"mode: {mode}", f"mx: {host}", f"max_age: {STS_MAX_AGE}")
    return "".join(f"{line}\r\n" for line in lines)


def list_wanted(domain: str) -> list[Record]:
    """Return the records of a domain; raises `NotFound`."""
    name, host = get_domain(domain).name, mail_host()
    return [
        Record(name, "MX", f"10 {host}.", "where mail goes"),
        Record(name, "TXT", _spf(), "SPF"),
        *(
            Record(f"{key.selector}._domainkey.{name}", "TXT", key.record, f"DKIM, {key.state}")
            for key in list_keys(name)
            if key.record.startswith("v=DKIM1")
        ),
        Record(
            f"_dmarc.{name}",
            "TXT",
            f"v=DMARC1; p=quarantine; rua=mailto:postmaster@{name}",
            "DMARC",
        ),
        *_transport(name, host),
        *_services(name, host),
        _host(host),
    ]


def _host(host: str) -> Record:
    """Return the address of the mail host, which is known where one alone is listened at."""
    address = parse_address(settings.GROUPWARE_HOST)
    if address is None or address.is_unspecified or address.is_loopback:
        return Record(host, "A", "", "mail server")
    return Record(host, "AAAA" if address.version == 6 else "A", str(address), "mail server")


def list_reverse() -> list[Record]:
    """Return the names that the addresses of the mail host are to have, as the DNS has them now.

    Other servers take little from an address whose name does not lead back to it. What goes by
    a smarthost comes from that one's.
    """
    if settings.GROUPWARE_SMARTHOST_URL:
        return []
    host = mail_host()
    with suppress(DnsFailure):
        pointers = [_pointer(address) for address in dns.lookup_addresses(host)]
        return [Record(pointer, "PTR", f"{host}.", "mail server") for pointer in pointers]
    return []


def _pointer(address: str) -> str:
    return ip_address(address).reverse_pointer


def _spf() -> str:
    """Return who sends for a domain: this server, and the one that it hands its mail to."""
    smarthost = urlsplit(settings.GROUPWARE_SMARTHOST_URL).hostname
    return f"v=spf1 mx a:{smarthost} -all" if smarthost else "v=spf1 mx -all"


def _transport(name: str, host: str) -> list[Record]:
    policy_id = hashlib.sha256(sts_policy(host).encode("ascii")).hexdigest()[:20]
    return [
        Record(f"_mta-sts.{name}", "TXT", f"v=STSv1; id={policy_id}", "MTA-STS"),
        Record(f"mta-sts.{name}", "CNAME", f"{host}.", "MTA-STS policy"),
        Record(f"_smtp._tls.{name}", "TXT", f"v=TLSRPTv1; rua=mailto:postmaster@{name}", "TLS-RPT"),
        Record(f"autoconfig.{name}", "CNAME", f"{host}.", "mail programs"),
        Record(f"autodiscover.{name}", "CNAME", f"{host}.", "Outlook"),
    ]


def _services(name: str, host: str) -> list[Record]:
    records = [
        # Without TLS there is neither (RFC 6764 §3, RFC 6186 §3.4).
        Record(f"{service}._tcp.{name}", "SRV", "0 0 0 .", "client set-up")
        for service in ("_caldav", "_carddav")
    ]
    for service, role, priority in _SERVICES:
        port = _web_port() if role == "HTTPS" else public_port(role)
        # The root says that there is no such service (RFC 6186 §3.4).
        value = f"{priority} 1 {port} {host}." if port else "0 0 0 ."
        records.append(Record(f"{service}._tcp.{name}", "SRV", value, "client set-up"))
        if service.endswith("davs"):
            records.append(Record(f"{service}._tcp.{name}", "TXT", "path=/dav/", "client set-up"))
    return records


def _web_port() -> int:
    """Return the port of the web over TLS: that of the public address, where a proxy ends TLS."""
    parts = urlsplit(settings.GROUPWARE_PUBLIC_URL)
    return parts.port or 443 if parts.scheme == "https" else public_port("HTTPS")


def render_zone(records: list[Record]) -> str:
    """Return the records as lines of a zone file (RFC 1035 §5); what only somebody knows as comments."""
    return "\n".join(
        f"{record.name}.\t{TTL}\tIN\t{record.kind}\t{_zone_value(record)}"
        if record.value
        else f"; {record.name}.\t{TTL}\tIN\t{record.kind}\tthe address of this server"
        for record in records
    )


def _zone_value(record: Record) -> str:
    if record.kind != "TXT":
        return record.value
    # A string of a record has 255 octets at most (RFC 1035 §3.3).
    parts = [record.value[at : at + 255] for at in range(0, len(record.value), 255)]
    return " ".join('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in parts)


def check_all(wanted: Iterable[Record]) -> list[Checked]:
    """Compare records with what the DNS says now, some at once: who asks does not wait for each."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(check, wanted))


def check(record: Record) -> Checked:
    """Compare a record with what the DNS says now."""
    try:
        found = _LOOKUPS[record.kind](record)
        if any(_agrees(record, value) for value in found):
            return Checked(record, "ok", tuple(found))
    except DnsFailure:
        return Checked(record, "unknown", ())
    return Checked(record, "different" if found else "missing", tuple(found))


def _agrees(record: Record, value: str) -> bool:
    if record.kind == "TXT" and record.value.startswith(("v=DMARC1", "v=TLSRPTv1")):
        # What it asks for is the domain's own choice.
        return True
    if not record.value:
        return True
    if record.kind == "PTR":
        return _leads_back(value.rstrip("."), record.name)
    if record.kind == "MX":
        return value.split()[1] == record.value.split()[1]
    if record.kind == "SRV":
        return value.split()[2:] == record.value.split()[2:]
    return "".join(value.split()) == "".join(record.value.split())


def _find_txt(record: Record) -> list[str]:
    """Return the texts that are of the same kind as the one that is wanted."""
    mark = record.value.partition(";")[0].partition(" ")[0].partition("/")[0]
    texts = [text.decode("utf-8", "replace") for text in dns.lookup_txt(record.name)]
    if "._domainkey." in record.name:
        return texts
    return [text for text in texts if text.lower().startswith(mark.lower())]


def _find_cname(record: Record) -> list[str]:
    """Return the alias; addresses of its own that are the same are as good."""
    if found := dns.lookup_cname(record.name):
        return [f"{name}." for name in found]
    own = dns.lookup_addresses(record.name)
    if own and set(own) == set(dns.lookup_addresses(record.value.rstrip("."))):
        return [record.value]
    return own


def _find_mx(record: Record) -> list[str]:
    return [f"{preference} {host}." for preference, host in dns.lookup_mx(record.name)]


def _find_srv(record: Record) -> list[str]:
    found = dns.lookup_srv(record.name)
    return [f"{priority} {weight} {port} {host}." for priority, weight, port, host in found]


def _find_addresses(record: Record) -> list[str]:
    kinds = ("A", "AAAA") if not record.value else (record.kind,)
    return dns.lookup_addresses(record.name, kinds=kinds)


def _find_names(record: Record) -> list[str]:
    """Return the names that an address has; `name` is that of the record."""
    address = reversename.to_address(names.from_text(record.name))
    return [f"{name}." for name in dns.lookup_ptr(address)]


def _leads_back(name: str, pointer: str) -> bool:
    """Tell whether a name of an address has that address (RFC 8601 §3: iprev)."""
    return pointer in map(_pointer, dns.lookup_addresses(name))


_LOOKUPS: dict[str, Callable[[Record], list[str]]] = {
    "TXT": _find_txt,
    "MX": _find_mx,
    "CNAME": _find_cname,
    "SRV": _find_srv,
    "A": _find_addresses,
    "AAAA": _find_addresses,
    "PTR": _find_names,
}
