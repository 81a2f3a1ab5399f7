"""MTA-STS: what a domain says of the TLS by which its mail is sent (RFC 8461).

The policy is fetched over HTTPS and kept until its `max_age`, whatever becomes of the TXT record
meanwhile: whoever can take that away must not be able to take the policy away with it.
"""

import re
from dataclasses import dataclass

import structlog

from groupware.core.clock import epoch
from groupware.core.dns import DnsFailure, lookup_txt
from groupware.core.fetching import Bounds, FetchFailed, fetch
from mail.services import policies
from mail.services.policies import KeptPolicy

CHECK_SECONDS = 3_600
"""How often the TXT record of a domain is looked at."""
FAILED_SECONDS = 300
"""After a policy could not be had, until it is tried again (RFC 8461 §3.3)."""
REFRESH_SECONDS = 86_400
"""After which a policy is fetched again though its id is the same (§3.3)."""
MAX_AGE = 31_557_600
MAX_OCTETS = 64 << 10
MAX_PATTERNS = 100
FETCH_SECONDS = 30.0
MODES = ("enforce", "testing", "none")

_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_log = structlog.get_logger("groupware.queue")


class BadPolicy(ValueError):
    """Not a policy of RFC 8461 §3.2."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is enforced: `mode` is of `MODES`, `mx` are names and `*.` patterns."""

    mode: str
    mx: tuple[str, ...]
    max_age: int

    def matches(self, host: str) -> bool:
        """Tell whether a server's name is among them; `*` stands for one label (§4.1)."""
        host = host.lower()
        _, _, parent = host.partition(".")
        return host in self.mx or (bool(parent) and f"*.{parent}" in self.mx)


def parse_record(records: list[bytes]) -> str | None:
    """Return the id of the one TXT record that is a policy's; more than one are none (§3.1)."""
    found = [text for text in map(_decode, records) if re.match(r"v=STSv1\s*;", text)]
    if len(found) != 1:
        return None
    fields = dict(_field(part) for part in found[0].split(";"))
    policy_id = fields.get("id", "")
    return policy_id if _ID.fullmatch(policy_id) else None


def _decode(record: bytes) -> str:
    return record.decode("ascii", "replace")


def _field(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip(), value.strip()


def parse_policy(data: bytes) -> Policy:
    """Return the policy of a file; raises `BadPolicy`."""
    values: dict[str, str] = {}
    patterns: list[str] = []
    for line in data.decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        name, value = name.strip(), value.strip()
        if name == "mx" and colon:
            patterns.append(value.lower().rstrip("."))
        elif colon:
            values.setdefault(name, value)
    mode, age = values.get("mode", ""), values.get("max_age", "")
    if (
        values.get("version") != "STSv1"
        or mode not in MODES
        or not re.fullmatch("[0-9]{1,10}", age)
    ):
        raise BadPolicy("it lacks its version, its mode or its max_age")
    if (mode != "none" and not patterns) or len(patterns) > MAX_PATTERNS:
        raise BadPolicy("it names no server, or too many")
    return Policy(mode, tuple(patterns), min(int(age), MAX_AGE))


def find_policy(domain: str) -> Policy | None:
    """Return the policy in force for a domain. Asks the DNS and the web; in no transaction."""
    now = epoch()
    kept = policies.find_policy(domain)
    pause = CHECK_SECONDS if kept is not None and kept.is_valid(now) else FAILED_SECONDS
    if kept is None or kept.checked_at + pause <= now:
        kept = _check(domain, kept, now)
    if kept is None or not kept.is_valid(now):
        return None
    return Policy(kept.mode, kept.mx, kept.expires_at - now)


def _check(domain: str, kept: KeptPolicy | None, now: int) -> KeptPolicy | None:
    """Look at the record, and fetch the policy where it is new; return what is in force then."""
    try:
        policy_id = parse_record(lookup_txt(f"_mta-sts.{domain}"))
    except DnsFailure:
        return kept
    if policy_id is None:
        return kept if kept is None else policies.keep_checked(kept, "", now)
    is_known = kept is not None and kept.is_valid(now) and kept.policy_id == policy_id
    if kept is not None and is_known and kept.fetched_at + REFRESH_SECONDS > now:
        return policies.keep_checked(kept, policy_id, now)
    try:
        policy = _fetch(domain)
    except (FetchFailed, BadPolicy) as error:
        _log.warning("no policy", domain=domain, reason=str(error)[:200])
        kept = kept or KeptPolicy(domain)
        return policies.keep_checked(kept, kept.policy_id or policy_id, now)
    return policies.keep_policy(
        KeptPolicy(
            domain=domain,
            policy_id=policy_id,
            mode=policy.mode,
            mx=policy.mx,
            fetched_at=now,
            checked_at=now,
            expires_at=now + policy.max_age,
        )
    )


def _fetch(domain: str) -> Policy:
    url = f"https://mta-sts.{domain}/.well-known/mta-sts.txt"
    # A redirect is not followed (§3.3).
    bounds = Bounds(MAX_OCTETS, FETCH_SECONDS, redirects=0)
    return parse_policy(fetch(url, bounds, accept="text/plain").data or b"")
