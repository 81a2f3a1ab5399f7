"""Signed, sealed and forged mail, and records of the DNS that were made to do harm.

Where the DNS would be asked, the input itself answers: the records stand behind the message.
"""

import random
from collections.abc import Sequence
from functools import lru_cache

from mail.authentication import keys, remove_forged
from mail.authentication.arc import seal_message, verify_chain
from mail.authentication.canonical import Message, read_message
from mail.authentication.dkim import Signer, sign_message, verify_signatures
from mail.authentication.dmarc import Identities, evaluate, read_authors
from mail.authentication.lookups import Lookups
from mail.authentication.results import Result, fold_results
from mail.authentication.signatures import Bodies
from mail.authentication.spf import check_sender

OWN = "mx.team.example"
NOW = 1_790_000_000
PEER = "192.0.2.1"
RECORDS = 4
END = b"\0\0"
"""Between the message and the records."""

AUTHENTICATION_WORDS: Sequence[bytes] = (
    b"DKIM-Signature: ",
    b"ARC-Seal: i=1; cv=none; ",
    b"ARC-Message-Signature: i=1; ",
    b"ARC-Authentication-Results: i=1; ",
    b"Authentication-Results: mx.team.example; dmarc=pass\r\n",
    b"From: a@b.example\r\n",
    b"v=DKIM1; k=rsa; p=",
    b"v=spf1 ",
    b"include:a.example ",
    b"exists:%{ir}.%{l1r-}.%{d2} ",
    b"redirect=a.example",
    b" mx/24//64 ptr ip6:::/0 -all",
    b"v=DMARC1; p=reject; sp=none; pct=50; adkim=s",
    b"h=from:from:subject; ",
    b"l=1; ",
    b"c=simple/relaxed; ",
    b"\r\n\t",
    b"\r",
    b"(",
    b"\\",
    b'"',
    b"i=50; ",
    END,
)


class Answered(Lookups):
    """A DNS that says to everybody what the input says."""

    def __init__(self, records: list[bytes]) -> None:
        super().__init__(10.0)
        self._records = records

    def txt(self, name: str) -> list[bytes]:  # noqa: ARG002
        self._seconds()
        return [record for record in self._records if record]

    def addresses(self, host: str, kind: str) -> list[str]:  # noqa: ARG002
        self._seconds()
        return [PEER] if kind == "A" else []

    def exchangers(self, domain: str) -> list[tuple[int, str]]:  # noqa: ARG002
        self._seconds()
        return [(10, "mx.example")]

    def names(self, address: str) -> list[str]:  # noqa: ARG002
        self._seconds()
        return ["mx.example"]


@lru_cache(maxsize=1)
def authentication_seeds() -> list[bytes]:
    """Return messages that hold, with the records that they hold by."""
    key = keys.generate(keys.ED25519)
    signer = Signer("b.example", "s1", keys.ED25519, key)
    record = keys.render_record(key).encode("ascii")
    message = b"From: a@b.example\r\nSubject: Hello\r\n there\r\n\r\nHello \r\n\r\n"
    signed = sign_message(message, signer, NOW) + message
    results = fold_results(OWN, [Result("dmarc", "pass"), Result("arc", "none")])
    sealed = seal_message(signed, results, "none", signer, NOW) + signed
    policies = (b"v=spf1 include:c.example mx -all", b"v=DMARC1; p=reject; pct=10")
    pairs = [(signed, record), (sealed, record), *((message, held) for held in policies)]
    return [data + END + held for data, held in pairs]


def take_authentication(data: bytes, _chance: random.Random) -> object:
    """Verify, evaluate and clean a message; all of it ends, and what is ours in it is gone."""
    whole, _, records = data.partition(END)
    traits = _verify(read_message(whole), records.split(END)[:RECORDS])
    cleaned = remove_forged(data, OWN)
    assert remove_forged(cleaned, OWN) == cleaned
    assert len(cleaned) <= len(data)
    return traits, len(cleaned) == len(data)


def _verify(message: Message, records: list[bytes]) -> tuple[object, ...]:
    bodies = Bodies(message.body)
    dkim = verify_signatures(message, bodies, Answered(records), NOW)
    arc = verify_chain(message, bodies, Answered(records), NOW)
    spf = check_sender(Answered(records), peer=PEER, helo="h.example", mail_from="x-y@b.example")
    held = tuple(found.domain for found in dkim if found.result == "pass")
    shown = Identities(spf.domain if spf.result == "pass" else "", held)
    dmarc = evaluate(Answered(records), message, shown, read_authors(message))
    results = [Result("dkim", found.result, found.reason) for found in dkim]
    assert fold_results(OWN, results).isascii()
    reasons = tuple(sorted({(found.result, found.reason) for found in dkim}))
    return reasons, arc.result, arc.reason, spf.result, dmarc.result, dmarc.policy
