"""The servers of a domain, in the order in which they are tried (RFC 5321 §5.1, RFC 7505)."""

import ipaddress
import random
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings

from groupware.core.dns import DnsFailure, lookup_addresses, lookup_mx
from mail.flow.replies import Unreachable, found_out
from mail.records import mail_host

MAX_HOSTS = 8
MAX_ADDRESSES = 10
"""Addresses that one attempt tries, of all hosts together."""
SMTP_PORT = 25


@dataclass(frozen=True, slots=True)
class Target:
    """One address of a server; `host` is the name that its certificate must have."""

    host: str
    address: str
    port: int

    @property
    def source(self) -> str:
        """The address to connect from, or nothing where the system may choose.

        A server that listens at one address alone sends from it: that is what SPF says of it.
        """
        here = _own_address()
        there = ipaddress.ip_address(self.address)
        if here is None or here.is_unspecified or here.version != there.version:
            return ""
        return "" if here.is_loopback and not there.is_loopback else str(here)


def find_targets(destination: str) -> Iterator[Target]:
    """Yield the addresses of a domain's servers, or of an address literal.

    Names are looked up as they are needed. Raises `Unreachable` where there is none: for good
    where the domain takes no mail or is not there, for a while where the DNS does not answer.
    """
    port: int = settings.GROUPWARE_MX_PORT
    if destination.startswith("["):
        yield _literal_target(destination, port)
        return
    try:
        hosts = find_hosts(destination)
        number = 0
        for target in _find_addresses(hosts, port):
            number += 1
            yield target
            if number >= MAX_ADDRESSES:
                return
    except DnsFailure as error:
        raise Unreachable(found_out("4.4.3", error.message)) from error
    if number:
        return
    if hosts == [destination]:
        raise Unreachable(found_out("5.1.2", f"There is no domain {destination} that takes mail."))
    raise Unreachable(found_out("5.4.4", f"None of the servers of {destination} has an address."))


def find_hosts(destination: str) -> list[str]:
    """Return the names of the servers in the order of preference, equal ones by chance.

    Raises `Unreachable`, and `DnsFailure`.
    """
    found = lookup_mx(destination)
    if found and all(not host for _, host in found):
        raise Unreachable(found_out("5.1.10", f"{destination} takes no mail (null MX)."))
    found = [(preference, host) for preference, host in found if host]
    if not found:
        return [destination]
    random.shuffle(found)
    found.sort(key=lambda entry: entry[0])
    return _before_this_one(destination, found)[:MAX_HOSTS]


def _before_this_one(destination: str, found: Sequence[tuple[int, str]]) -> list[str]:
    """Return the servers that are better than this one where it is among them (RFC 5321 §5.1)."""
    own = [preference for preference, host in found if _is_own_name(host)]
    kept = [host for preference, host in found if not own or preference < min(own)]
    if not kept:
        raise Unreachable(
            found_out("5.4.6", f"{destination} leads to this server, which has no such domain.")
        )
    return kept


def _is_own_name(host: str) -> bool:
    if host in {settings.GROUPWARE_DOMAIN, mail_host()}:
        return True
    if settings.GROUPWARE_MX_PORT not in {SMTP_PORT, settings.GROUPWARE_PORTS["SMTP"]}:
        return False
    try:
        return any(map(is_own_address, lookup_addresses(host)))
    except DnsFailure:
        return False


def is_own_address(address: str) -> bool:
    """Tell whether this server listens at an address."""
    here = _own_address()
    try:
        there = ipaddress.ip_address(address)
    except ValueError:
        return False
    if here is None:
        return there.is_loopback
    if not here.is_unspecified:
        return here == there
    family = socket.AF_INET if there.version == 4 else socket.AF_INET6
    # Only an address of this machine can be bound.
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind((address, 0))
        except OSError:
            return False
    return True


def _own_address() -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return where this server listens; None for `localhost`."""
    try:
        return ipaddress.ip_address(settings.GROUPWARE_HOST)
    except ValueError:
        return None


def _find_addresses(hosts: Sequence[str], port: int) -> Iterator[Target]:
    """Yield the addresses of hosts; raises `DnsFailure` when none is left and one failed.

    IPv4 comes first: most servers that refuse strangers know them by it, and a network without
    IPv6 says so at once.
    """
    failure: DnsFailure | None = None
    some = False
    for host in hosts:
        try:
            addresses = lookup_addresses(host)
        except DnsFailure as error:
            failure = error
            continue
        for address in sorted(addresses, key=lambda text: ":" in text):
            some = True
            yield Target(host, address, port)
    if failure is not None and not some:
        raise failure


def _literal_target(destination: str, port: int) -> Target:
    text = destination.strip("[]")
    text = text[5:] if text.lower().startswith("ipv6:") else text
    try:
        address = str(ipaddress.ip_address(text))
    except ValueError:
        raise Unreachable(found_out("5.1.2", f"{destination} is no address.")) from None
    if is_own_address(address) and port in {SMTP_PORT, settings.GROUPWARE_PORTS["SMTP"]}:
        raise Unreachable(found_out("5.4.6", f"{destination} is this server."))
    return Target(address, address, port)


def find_relay_targets(host: str, port: int) -> Iterator[Target]:
    """Yield the addresses of a relay; raises `Unreachable` for a while where there is none."""
    try:
        addresses = [str(ipaddress.ip_address(host))]
    except ValueError:
        addresses = _relay_addresses(host)
    for address in addresses[:MAX_ADDRESSES]:
        yield Target(host, address, port)


def _relay_addresses(host: str) -> list[str]:
    try:
        addresses = ["127.0.0.1", "::1"] if host == "localhost" else lookup_addresses(host)
    except DnsFailure as error:
        raise Unreachable(found_out("4.4.3", error.message), host) from error
    if not addresses:
        # A relay is named by an admin, and may be named again: nothing is lost meanwhile.
        raise Unreachable(found_out("4.4.4", f"The relay {host} has no address."), host)
    return sorted(addresses, key=lambda text: ":" in text)
