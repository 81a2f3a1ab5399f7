"""`manage.py audit`: who did what, the newest last."""

from argparse import Namespace
from datetime import UTC, datetime

from groupware.core import audit
from groupware.core.directory import get_domain
from groupware.core.models import AuditEntry
from groupware.management.base import Answer, GroupwareCommand, argument
from groupware.management.moments import parse_moment
from groupware.management.tables import render_table

HEADINGS = ("when (UTC)", "who", "role", "from", "what", "on", "")
WIDEST = 60
"""Characters of the details in the table."""


class Command(GroupwareCommand):
    """Show the audit log."""

    help = "Show who did what to accounts, addresses, groups, domains and the queue."
    arguments = (
        argument("text", metavar="TEXT", nargs="?", default="", help="in who did it, or on what"),
        argument("--action", metavar="ACTION", default="", help="such as account, or role.grant"),
        argument("--domain", metavar="DOMAIN", default="", help="only what belongs to this domain"),
        argument("--since", metavar="MOMENT", type=parse_moment, help="2026-11-25, or 12h, 3d ago"),
        argument("--limit", metavar="N", type=int, default=100, help="the newest so many"),
    )

    def run(self, options: Namespace) -> Answer:
        """Show what is meant."""
        since = options.since
        domain_ids = None
        if options.domain:
            domain = get_domain(options.domain)
            domain_ids = frozenset({domain.alias_of_id or domain.pk})
        wanted = audit.AuditFilter(
            domain_ids=domain_ids,
            action=options.action,
            text=options.text,
            start=None if since is None else datetime.fromtimestamp(since, UTC),
        )
        found = audit.list_entries(wanted, limit=max(1, options.limit))[::-1]
        if not found:
            return Answer([], "Nothing like that is in the audit log.")
        return Answer([_data(entry) for entry in found], render_table(HEADINGS, map(_row, found)))


def _row(entry: AuditEntry) -> tuple[object, ...]:
    detail = ", ".join(f"{name} {_words(value)}" for name, value in entry.detail.items() if value)
    return (
        f"{entry.created_at:%Y-%m-%d %H:%M}",
        entry.actor,
        entry.role or "-",
        entry.network or "-",
        entry.action,
        entry.target,
        detail if len(detail) <= WIDEST else f"{detail[: WIDEST - 1]}…",
    )


def _words(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _data(entry: AuditEntry) -> dict[str, object]:
    return {
        "id": entry.pk,
        "created_at": entry.created_at.isoformat(),
        "actor": entry.actor,
        "role": entry.role,
        "network": entry.network,
        "action": entry.action,
        "target_kind": entry.target_kind,
        "target": entry.target,
        "detail": entry.detail,
    }
