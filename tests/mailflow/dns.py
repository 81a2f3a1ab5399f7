"""A small DNS server of the test's own on loopback, over UDP and TCP, on one port.

It is authoritative for every name: what nobody added does not exist.

    with serving_dns() as dns:
        settings.GROUPWARE_DNS_SERVERS = dns.servers      # of another process: dns.variable
        dns.add("team.example", "MX", "10 mail.team.example.")
"""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

TTL = 60
MAX_CHAIN = 8
MAX_TRIES = 50


class Dns:
    """The records, and what was asked; `servers` is the setting, `variable` that of a process."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.port = port
        self.servers = ((host, port),)
        self.variable = f"{host}:{port}"
        self.asked: list[tuple[str, str]] = []
        self._records: dict[tuple[str, str], dns.rrset.RRset] = {}
        self._failing: dict[str, dns.rcode.Rcode] = {}
        self._silent: set[str] = set()
        self._truncated: set[str] = set()

    def add(self, name: str, kind: str, *values: str, ttl: int = TTL) -> None:
        """Add records in the form of a zone file; names in them end in a dot."""
        name = _key(name)
        found = dns.rrset.from_text(name + ".", ttl, "IN", kind, *values)
        known = self._records.setdefault((name, kind), found)
        for rdata in found:
            known.add(rdata)

    def add_txt(self, name: str, text: str | bytes, ttl: int = TTL) -> None:
        """Add a TXT record of any length, cut into strings."""
        data = text.encode() if isinstance(text, str) else text
        parts = [data[at : at + 255] for at in range(0, len(data), 255)] or [b""]
        self.add(name, "TXT", " ".join(f'"{_quoted(part)}"' for part in parts), ttl=ttl)

    def remove(self, name: str, kind: str) -> None:
        """Take the records of a kind away."""
        self._records.pop((_key(name), kind), None)

    def fail(self, name: str, rcode: str = "SERVFAIL") -> None:
        """Answer this name with an error."""
        self._failing[_key(name)] = dns.rcode.from_text(rcode)

    def ignore(self, name: str) -> None:
        """Never answer this name."""
        self._silent.add(_key(name))

    def truncate(self, name: str) -> None:
        """Answer this name over TCP alone."""
        self._truncated.add(_key(name))

    def recover(self, name: str) -> None:
        """Answer this name again."""
        self._failing.pop(_key(name), None)
        self._silent.discard(_key(name))
        self._truncated.discard(_key(name))

    def answer(self, wire: bytes, *, tcp: bool) -> bytes | None:
        """Return the reply to one question, or None."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, kind = _key(question.name.to_text()), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if name in self._silent:
            return None
        reply = dns.message.make_response(query, recursion_available=True)
        if name in self._truncated and not tcp:
            reply.flags |= dns.flags.TC
        elif name in self._failing:
            reply.set_rcode(self._failing[name])
        else:
            self._fill(reply, name, kind)
        return reply.to_wire(max_size=65535)

    def _fill(self, reply: dns.message.Message, name: str, kind: str) -> None:
        for _ in range(MAX_CHAIN):
            if (found := self._records.get((name, kind))) is not None:
                reply.answer.append(found)
                return
            alias = self._records.get((name, "CNAME"))
            if alias is None:
                if not any(held.endswith(("." + name, name)) for held, _ in self._records):
                    reply.set_rcode(dns.rcode.NXDOMAIN)
                return
            reply.answer.append(alias)
            name = _key(alias[0].target.to_text())


def _key(name: str) -> str:
    return name.rstrip(".").lower()


def _quoted(data: bytes) -> str:
    return "".join(
        chr(octet) if 32 <= octet < 127 and octet not in b'"\\' else f"\\{octet:03d}"
        for octet in data
    )


class _Udp(socketserver.ThreadingUDPServer):
    daemon_threads = True
    told: Dns


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    told: Dns


class _UdpHandler(socketserver.BaseRequestHandler):
    server: _Udp
    request: tuple[bytes, socket]

    def handle(self) -> None:
        data, sock = self.request
        if (reply := self.server.told.answer(data, tcp=False)) is not None:
            sock.sendto(reply, self.client_address)


class _TcpHandler(socketserver.StreamRequestHandler):
    server: _Tcp

    def handle(self) -> None:
        while len(head := self.rfile.read(2)) == 2:
            reply = self.server.told.answer(self.rfile.read(*struct.unpack("!H", head)), tcp=True)
            if reply is None:
                return
            self.wfile.write(struct.pack("!H", len(reply)) + reply)


def _bind(host: str) -> tuple[_Udp, _Tcp]:
    """Take a port that is free for both."""
    for _ in range(MAX_TRIES):
        udp = _Udp((host, 0), _UdpHandler)
        try:
            return udp, _Tcp((host, udp.server_address[1]), _TcpHandler)
        except OSError:
            udp.server_close()
    raise OSError("no port is free for UDP and TCP")


@contextmanager
def serving_dns(host: str = "127.0.0.1") -> Iterator[Dns]:
    """Run the server until the block ends."""
    udp, tcp = _bind(host)
    udp.told = tcp.told = Dns(udp.server_address[1], host)
    threads = [threading.Thread(target=served.serve_forever, args=[0.01]) for served in (udp, tcp)]
    for thread in threads:
        thread.start()
    try:
        yield udp.told
    finally:
        for served in (udp, tcp):
            served.shutdown()
            served.server_close()
        for thread in threads:
            thread.join()
