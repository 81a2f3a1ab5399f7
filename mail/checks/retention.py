"""Retention: that rules can be done and are done, and that holds hold something."""

from collections.abc import Iterator

from groupware.core.clock import epoch
from groupware.core.doctor import Examination, Finding, Rule, RuledRows
from mail.models import RetentionAction, RetentionAge
from mail.retention import DAY

LATE = 3 * DAY
"""Seconds after which a rule that is to be done each day counts as left."""
_SET_ANEW = "Remove it and set it anew (`retention remove`, `retention set`)."


def _quoted(values: list[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _rules(run_before: int) -> RuledRows:
    return RuledRows(
        tables=(
            "mail_retentionrule r LEFT JOIN core_account a ON a.id = r.account_id"
            " LEFT JOIN core_collection c ON c.id = r.collection_id"
        ),
        columns=(
            ("key", "r.id"),
            ("where", "COALESCE(a.login || ': ', '') || 'retention rule ' || r.id"),
            ("action", "r.action"),
            ("days", "r.days"),
        ),
        rules=(
            Rule(
                "retention-rule",
                f"r.action NOT IN ({_quoted(RetentionAction.values)})"
                f" OR r.age NOT IN ({_quoted(RetentionAge.values)})"
                f" OR r.action <> '{RetentionAction.KEEP.value}' AND r.days < 1",
                "it cannot be done: {action} after {days} days",
                _SET_ANEW,
            ),
            Rule(
                "retention-reach",
                "r.domain_id IS NOT NULL AND r.account_id IS NOT NULL"
                " OR r.collection_id IS NOT NULL AND (r.account_id IS NULL OR c.kind <> 'mail')"
                " OR (r.collection_id IS NULL) = (r.use = '')",
                "it is for no mailbox that could be",
                _SET_ANEW,
            ),
            Rule(
                "retention-late",
                f"r.action <> '{RetentionAction.KEEP.value}' AND r.run_at > 0"
                f" AND r.run_at < {run_before:d}",
                "it was not done for days",
                "Start the worker (`serve worker`), and look in its log for what is in the way.",
            ),
        ),
    )


_HOLDS = RuledRows(
    tables=(
        "mail_retentionhold h JOIN core_account a ON a.id = h.account_id"
        " JOIN core_collection c ON c.id = h.mailbox_id"
    ),
    columns=(("key", "h.id"), ("where", "a.login || ': hold ' || h.id"), ("mailbox", "h.mailbox")),
    rules=(
        Rule(
            "hold",
            "c.account_id <> h.account_id OR c.kind <> 'mail'",
            "what it holds as {mailbox} is no mailbox of the account",
            "Release it and hold the mailbox anew (`retention release`, `retention hold`).",
        ),
    ),
)


def check_retention(examination: Examination) -> Iterator[Finding]:
    """Find rules that cannot be or are not done, and holds on what is another's."""
    yield from _rules(epoch() - LATE).find(examination.within("r.account_id"))
    yield from _HOLDS.find(examination.within("h.account_id"))
