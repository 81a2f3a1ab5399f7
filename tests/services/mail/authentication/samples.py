"""Messages and senders of these tests."""

import re
from functools import lru_cache

from mail.authentication import keys
from mail.authentication.dkim import Signer, sign_message
from tests.mailflow.dns import Dns

SERVER = "mx.team.example"
PEER = "192.0.2.25"
NOW = 1_790_000_000

MESSAGE = (
    b"From: Ann <ann@sender.example>\r\n"
    b"To: ben@team.example\r\n"
    b"Subject: Minutes of\r\n the  meeting\r\n"
    b"Date: Mon, 21 Sep 2026 10:00:00 +0000\r\n"
    b"Message-ID: <1@sender.example>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"\r\n"
    b"Dear Ben, \r\n\r\nas promised.\t\r\n\r\n\r\n"
)


@lru_cache
def private_key(name: str, algorithm: str = keys.RSA) -> keys.PrivateKey:
    """Return a key that is the same all through the run."""
    return keys.generate(algorithm)


def publish(zone: Dns, domain: str, *, selector: str = "s1", algorithm: str = keys.RSA) -> Signer:
    """Put the key of a domain into its DNS and return what it signs with."""
    key = private_key(domain, algorithm)
    zone.add_txt(f"{selector}._domainkey.{domain}", keys.render_record(key))
    return Signer(domain, selector, algorithm, key)


def sender_signer(zone: Dns) -> Signer:
    """Give sender.example all that a domain should have."""
    zone.add_txt("sender.example", f"v=spf1 ip4:{PEER} -all")
    zone.add_txt("_dmarc.sender.example", "v=DMARC1; p=reject")
    return publish(zone, "sender.example")


def signed(signer: Signer, data: bytes = MESSAGE) -> bytes:
    """Return a message with the signature of a domain."""
    return sign_message(data, signer, NOW) + data


def results_of(header: bytes) -> dict[str, str]:
    """Return the first result of each method."""
    unfolded = re.sub(r"\r\n[ \t]+", " ", header.decode("ascii"))
    found: dict[str, str] = {}
    for method, result in re.findall(r"; (\w+)=(\w+)", unfolded):
        found.setdefault(method, result)
    return found
