"""Keeping what domains say of TLS: one row for each, written beside no other."""

from dataclasses import dataclass, replace

from groupware.core import db
from groupware.core.clock import epoch
from mail.models import TransportPolicy


@dataclass(frozen=True, slots=True)
class KeptPolicy:
    """A row of `TransportPolicy`."""

    domain: str
    policy_id: str = ""
    mode: str = ""
    mx: tuple[str, ...] = ()
    fetched_at: int = 0
    checked_at: int = 0
    expires_at: int = 0

    def is_valid(self, now: int) -> bool:
        """Tell whether it says anything now."""
        return self.expires_at > now


def find_policy(domain: str) -> KeptPolicy | None:
    """Return what is kept of a domain."""
    with db.read_snapshot():
        row = TransportPolicy.objects.filter(domain=domain).first()
    if row is None:
        return None
    return KeptPolicy(
        domain=row.domain,
        policy_id=row.policy_id,
        mode=row.mode,
        mx=tuple(row.mx.split()),
        fetched_at=row.fetched_at,
        checked_at=row.checked_at,
        expires_at=row.expires_at,
    )


def keep_policy(kept: KeptPolicy) -> KeptPolicy:
    """Keep a policy in the place of what was known; return it."""
    with db.write_transaction():
        TransportPolicy.objects.update_or_create(
            domain=kept.domain,
            defaults={
                "policy_id": kept.policy_id,
                "mode": kept.mode,
                "mx": " ".join(kept.mx),
                "fetched_at": kept.fetched_at,
                "checked_at": kept.checked_at,
                "expires_at": kept.expires_at,
            },
        )
    return kept


def keep_checked(kept: KeptPolicy, policy_id: str, now: int) -> KeptPolicy:
    """Note that it was looked for now, and leave what is in force as it is."""
    return keep_policy(replace(kept, checked_at=now, policy_id=policy_id or kept.policy_id))


def forget_expired() -> int:
    """Remove what says nothing any more, nor when it was looked for; return how many rows."""
    day_ago = epoch() - 86_400
    old = TransportPolicy.objects.filter(expires_at__lt=day_ago, checked_at__lt=day_ago)
    if not old.exists():
        return 0
    with db.write_transaction():
        return old.delete()[0]
