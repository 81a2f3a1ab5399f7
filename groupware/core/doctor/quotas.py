"""Warnings of full accounts: that each is told, and is no higher than the use ever since."""

from collections.abc import Iterator

from groupware.core import quota
from groupware.core.clock import epoch
from groupware.core.doctor.findings import Examination, Finding, Rule, RuledRows
from groupware.core.quotawarnings import MARGIN, WARN

OVERDUE = 3600
"""Seconds after which a warning that nobody was told of counts as left."""


def _warnings(told_before: int) -> RuledRows:
    return RuledRows(
        tables=(
            "core_quotawarning q JOIN core_accountstate s ON s.account_id = q.account_id"
            " JOIN core_account a ON a.id = q.account_id"
        ),
        columns=(
            ("key", "q.account_id"),
            ("where", "a.login"),
            ("account_id", "q.account_id"),
            ("percent", "q.percent"),
        ),
        rules=(
            Rule(
                "quota-told",
                f"NOT q.is_told AND q.noted_at < {told_before:d} AND NOT EXISTS"
                f" (SELECT 1 FROM core_outboxrow o WHERE o.topic = '{WARN}'"
                " AND o.account_id = q.account_id)",
                "it was to be told that its quota is {percent} % used, and nothing will do it",
                "`doctor --repair` notes it anew; the worker tells it.",
                quota.renew_warning,
            ),
            Rule(
                "quota-warning",
                f"s.bytes_used * 100 < (q.percent - {MARGIN}) * s.quota_bytes",
                "it is noted as warned of {percent} % and uses less: it would not be warned again",
                "`doctor --repair` notes what it uses.",
                quota.renew_warning,
            ),
        ),
    )


def check_quotas(examination: Examination) -> Iterator[Finding]:
    """Find warnings that nobody will be told of, and those that would keep the next one away."""
    yield from _warnings(epoch() - OVERDUE).find(examination.within("q.account_id"))
