"""One message, all four methods, one verdict and one Authentication-Results field."""

from __future__ import annotations

import re
from dataclasses import dataclass

import structlog
from django.conf import settings

from groupware.core import limits
from groupware.core.clock import epoch
from mail.authentication.arc import ArcResult, verify_chain
from mail.authentication.canonical import read_message
from mail.authentication.dkim import DkimResult, verify_signatures
from mail.authentication.dmarc import DmarcResult, Identities, evaluate, read_authors
from mail.authentication.lookups import Lookups
from mail.authentication.results import Result, fold_results
from mail.authentication.senders import judge_sender
from mail.authentication.signatures import Bodies
from mail.authentication.spf import SpfResult

__all__ = ["Results", "Verdict", "authenticate_message", "read_results"]

MAX_TOLD = 8 << 10
"""Octets of a sealer's results that are read."""
FIELD_NAME = b"Authentication-Results: "
_NO_RESULT = re.compile(rb"\"(?>(?:[^\"\\]++|\\.)*)\"|\((?>(?:[^()\\]++|\\.)*)\)", re.DOTALL)
_OWN_FIELD = re.compile(rb"(?:\A|\n)" + FIELD_NAME + rb"((?>(?:[^\r\n]++|\r\n(?=[ \t]))+)\r\n)")
_ARC = re.compile(rb";[ \t\r\n]*+arc=(none|pass|fail)\b")
_DMARC_PASSED = re.compile(rb"(?:\A|;)[ \t\r\n]*+dmarc[ \t]*+=[ \t]*+pass\b", re.IGNORECASE)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a message's origin; `policy` is what is to be done with it.

    `dmarc` is pass, fail, none or temperror; `policy` none, quarantine or reject, and none where
    `dmarc` is not fail or a trusted sealer has vouched for the message. `spf` is the result alone,
    `dkim` the domains whose signatures hold, `arc` none, pass or fail. `author` is the domain of
    From that `dmarc` is about, or "".
    """

    header: bytes
    dmarc: str
    policy: str
    spf: str
    dkim: tuple[str, ...]
    arc: str
    author: str = ""


@dataclass(frozen=True, slots=True)
class Results:
    """What stands behind the name of the field in `Verdict.header`, and what it says of `arc`."""

    text: bytes
    arc: str


def read_results(prefix: bytes) -> Results | None:
    """Return the results among fields that this server has put before a message, None without any.

    Of a message whose authentication failed here nothing is said of ARC, and nothing goes on.
    """
    if (field := _OWN_FIELD.search(prefix)) is None:
        return None
    told = _ARC.search(_NO_RESULT.sub(b"", field[1]))
    return Results(field[1], told[1].decode("ascii") if told is not None else "fail")


def authenticate_message(
    data: bytes, *, peer: str, helo: str, mail_from: str, authserv_id: str
) -> Verdict:
    """Verify where a message comes from (RFC 7208, 6376, 7489, 8617).

    Without a `peer` nobody knows from where it came to us, and SPF says nothing (RFC 8601 §2.7.2).

    Blocks for `AUTHENTICATION_TIMEOUT` at most, beside the hashing of the body; raises nothing:
    what cannot be asked is a `temperror`.
    """
    lookups = Lookups(float(limits.AUTHENTICATION_TIMEOUT.value))
    try:
        return _authenticate(data, lookups, peer, helo, mail_from, authserv_id)
    except Exception:
        # Mail is not lost for a bug here; nothing is claimed of the message either.
        log.exception("authentication failed", peer=peer)
        header = FIELD_NAME + fold_results(authserv_id, [Result("dmarc", "temperror")])
        return Verdict(header, "temperror", "none", "temperror", (), "none")


def _authenticate(
    data: bytes, lookups: Lookups, peer: str, helo: str, mail_from: str, authserv_id: str
) -> Verdict:
    message = read_message(data)
    bodies, now = Bodies(message.body), epoch()
    spf = judge_sender(lookups, peer=peer, helo=helo, mail_from=mail_from)
    dkim = verify_signatures(message, bodies, lookups, now)
    arc = verify_chain(message, bodies, lookups, now)
    held = tuple(dict.fromkeys(found.domain for found in dkim if found.result == "pass"))
    dmarc = evaluate(lookups, message, _identities(spf, dkim, held), read_authors(message))
    overridden = dmarc.result == "fail" and _vouched(arc)
    results = [
        _dmarc_result(dmarc, arc if overridden else None),
        _spf_result(spf, "" if peer else "came through a server of ours"),
        *_dkim_results(dkim),
        Result(
            "arc", arc.result, arc.reason, (("header.d", arc.sealers[-1]),) if arc.sealers else ()
        ),
    ]
    return Verdict(
        FIELD_NAME + fold_results(authserv_id, results),
        "none" if dmarc.result == "permerror" else dmarc.result,
        "none" if overridden else dmarc.policy,
        spf.result,
        held,
        arc.result,
        dmarc.domain,
    )


def _identities(spf: SpfResult, dkim: list[DkimResult], held: tuple[str, ...]) -> Identities:
    temporary = spf.result == "temperror" or any(found.result == "temperror" for found in dkim)
    return Identities(spf.domain if spf.result == "pass" else "", held, temporary)


def _vouched(arc: ArcResult) -> bool:
    """Tell whether the first of a chain of trusted sealers, all of them, saw DMARC pass.

    One who is not trusted may have written anything before the others sealed it.
    """
    trusted: frozenset[str] = settings.GROUPWARE_TRUSTED_SEALERS
    if arc.result != "pass" or not trusted.issuperset(arc.sealers):
        return False
    # What a sealer quotes, or tells in a comment, may be the sender's own words.
    told = _NO_RESULT.sub(b"", arc.first_results[:MAX_TOLD])
    return bool(_DMARC_PASSED.search(told))


def _dmarc_result(dmarc: DmarcResult, vouching: ArcResult | None) -> Result:
    comment = dmarc.reason or (f"p={dmarc.published}" if dmarc.published else "")
    if dmarc.result == "fail":
        comment += f" dis={'none' if vouching else dmarc.policy}"
    if vouching:
        comment += f" arc={vouching.sealers[-1]}"
    return Result("dmarc", dmarc.result, comment, (("header.from", dmarc.domain),))


def _spf_result(spf: SpfResult, comment: str) -> Result:
    name = "smtp.mailfrom" if spf.identity == "mailfrom" else "smtp.helo"
    return Result("spf", spf.result, comment, ((name, spf.sender),))


def _dkim_results(dkim: list[DkimResult]) -> list[Result]:
    if not dkim:
        return [Result("dkim", "none")]
    return [
        Result(
            "dkim",
            found.result,
            found.reason,
            (
                ("header.d", found.domain),
                ("header.s", found.selector),
                ("header.a", found.algorithm),
                ("header.b", found.mark),
            ),
        )
        for found in dkim
    ]
