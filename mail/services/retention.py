"""Rules of retention: setting and removing them, and doing what they say (docs/adr/0045).

A message that is old enough moves to Archive or Trash or is expunged, by the services that do so
for a client: clients are told, the quota is right, and what is expunged can be restored for a
while. Batches are transactions of their own; what breaks off goes on at the next run.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import structlog
from django.db.models import QuerySet

from groupware.core import audit, crashpoints, db, limits
from groupware.core.audit import Target
from groupware.core.changes import lock_account
from groupware.core.clock import epoch
from groupware.core.directory.lookups import directory_change
from groupware.core.errors import GroupwareError, Invalid, LimitExceeded, NotFound
from groupware.core.models import Account, Domain
from mail.models import RetentionAction, RetentionAge, RetentionRule
from mail.models.mailbox import SpecialUse
from mail.retention import (
    DAY,
    USES,
    Place,
    Rule,
    Rulebook,
    find_rule,
    get_place,
    is_held,
    list_old,
    list_places,
    read_rules,
)
from mail.services.copying import move_messages
from mail.services.mailboxes import provide_mailbox
from mail.services.messages import remove_messages
from mail.uidset import Ranges, to_ranges

MAX_DAYS = 36_500
BATCH = 500
"""Messages that one transaction takes away: an account's writers wait for no more than that."""
TURN = 20_000
"""Messages that the duty takes away before others get their turn; the next one goes on."""
DAILY = DAY - 3600
"""Seconds after which a rule is done again: once a day, by a duty that comes several times."""

_POINTLESS: Mapping[str, frozenset[str]] = {
    RetentionAction.ARCHIVE: frozenset({SpecialUse.ARCHIVE, SpecialUse.TRASH, SpecialUse.JUNK}),
    RetentionAction.TRASH: frozenset({SpecialUse.TRASH}),
}
"""What a mailbox of a use is not emptied into: into itself, or round in circles."""

_log = structlog.get_logger("groupware.retention")


@dataclass(frozen=True, slots=True)
class Removed:
    """What one transaction took out of a mailbox."""

    rule: Rule
    place: Place
    messages: int
    octets: int


def usual_age(action: str) -> str:
    """Return from when age counts where nobody says it.

    What is deleted for good had its days where it lay last; what only moves is as old as its date.
    """
    return RetentionAge.ARRIVED if action == RetentionAction.DELETE else RetentionAge.RECEIVED


def check_rule(rule: Rule) -> None:
    """Raise `Invalid` for what no rule can be, `NotFound` where its mailbox is gone."""
    if rule.action not in RetentionAction.values or rule.age not in RetentionAge.values:
        raise Invalid("The action is one of {choices}.", choices=", ".join(RetentionAction.values))
    if rule.action != RetentionAction.KEEP and not 1 <= rule.days <= MAX_DAYS:
        raise Invalid("Messages stay for 1 to {most} days.", most=MAX_DAYS)
    use = rule.use
    if rule.collection_id is not None:
        place = get_place(rule.collection_id)
        if place is None or place.account_id != rule.account_id:
            raise NotFound("There is no such mailbox.")
        use = place.use
    elif use not in USES:
        raise Invalid("A rule is for one mailbox, or for a use: {uses}.", uses=", ".join(USES))
    if use in _POINTLESS.get(rule.action, ()):
        raise Invalid(
            "What is in {use} cannot go there or back by the action {action}.",
            use=use,
            action=rule.action,
        )


def set_rule(rule: Rule) -> Rule:
    """Let a rule count from now on, in place of the one that reaches the same; it is done soon.

    Raises `Invalid`, `NotFound`, `LimitExceeded`.
    """
    with directory_change():
        _lock(rule)
        check_rule(rule)
        _find(rule).delete()
        if RetentionRule.objects.count() >= (most := limits.RETENTION_RULES.value):
            raise LimitExceeded("There are at most {most} rules of retention.", most=most)
        row = RetentionRule.objects.create(
            domain_id=rule.domain_id,
            account_id=rule.account_id,
            collection_id=rule.collection_id,
            use=rule.use,
            days=rule.days,
            action=rule.action,
            age=rule.age,
            spares_flagged=rule.spares_flagged,
        )
        told = {"days": rule.days, "flagged": not rule.spares_flagged}
        audit.record("retention.set", _target(rule), becomes=rule.action, use=rule.use, **told)
    return replace(rule, key=row.pk, run_at=0)


def remove_rule(rule: Rule) -> None:
    """Let the rule that reaches the same as this one count no more; raises `NotFound`."""
    with audit.change():
        _lock(rule)
        if not _find(rule).delete()[0]:
            raise NotFound("There is no such rule: `retention list` shows what there is.")
        audit.record("retention.remove", _target(rule), use=rule.use)


def _target(rule: Rule) -> Target:
    """Return whose mail a rule is for, for the audit log."""
    if rule.account_id is not None:
        return audit.target_of(Account.objects.get(pk=rule.account_id))
    if rule.domain_id is not None:
        return audit.target_of(Domain.objects.get(pk=rule.domain_id))
    return Target("retention", rule.key or None, "everybody")


def _lock(rule: Rule) -> None:
    if rule.account_id is not None:
        lock_account(rule.account_id)


def _find(rule: Rule) -> QuerySet[RetentionRule]:
    keys = {
        "domain": rule.domain_id,
        "account": rule.account_id,
        "collection": rule.collection_id,
    }
    conditions = {
        f"{name}__isnull" if key is None else f"{name}_id": True if key is None else key
        for name, key in keys.items()
    }
    return RetentionRule.objects.filter(use=rule.use, **conditions)


def run_due(*, most: int = TURN) -> int:
    """Do what rules say that were not done for a day; return how many messages went."""
    rules = read_rules()
    due = [
        rule
        for rule in rules
        if rule.action != RetentionAction.KEEP and rule.run_at <= epoch() - DAILY
    ]
    total = 0
    for removed in run(due, rules):
        total += removed.messages
        if total >= most:
            break
    return total


def run(chosen: list[Rule], rules: Rulebook) -> Iterator[Removed]:
    """Do what some of the rules say, and yield what each transaction took away, after it.

    A mailbox that cannot be done (it is busy, or its account may have no further mailbox) is
    logged and left to the next run.
    """
    for rule in chosen:
        moment, is_whole = epoch(), True
        for place in list_places(rule):
            if rules.find(place) != rule:
                continue
            try:
                yield from _empty(place, rule, moment)
            except GroupwareError as error:
                is_whole = False
                _log.warning(
                    "retention left a mailbox",
                    mailbox=place.collection_id,
                    reason=type(error).__name__,
                    detail=error.message,
                )
        if is_whole:
            _note_run(rule, moment)


def _note_run(rule: Rule, moment: int) -> None:
    with db.write_transaction():
        RetentionRule.objects.filter(pk=rule.key).update(run_at=moment)


def _empty(place: Place, rule: Rule, moment: int) -> Iterator[Removed]:
    """Take what is old enough out of a mailbox, batch by batch."""
    after = 0
    while True:
        with db.read_snapshot():  # without the lock: mostly there is nothing
            rows = list_old(place.collection_id, rule, moment=moment, after=after, limit=BATCH)
        if not rows:
            return
        last = rows[-1][0]
        removed = _remove(place, rule, moment=moment, after=after, last=last)
        if removed.messages:
            yield removed
        after = last


def _remove(place: Place, rule: Rule, *, moment: int, after: int, last: int) -> Removed:
    """Take a batch away, as it is under the lock: flags, holds and rules may be others by now."""
    with db.write_transaction():
        lock_account(place.account_id)
        rows: list[tuple[int, int]] = []
        if _counts(place, rule):
            found = list_old(place.collection_id, rule, moment=moment, after=after, limit=BATCH)
            rows = [row for row in found if row[0] <= last]
        if rows:
            _ACTIONS[RetentionAction(rule.action)](place, to_ranges(uid for uid, _ in rows))
            crashpoints.reach("retention-removed")
    return Removed(rule, place, len(rows), sum(size for _, size in rows))


def _counts(place: Place, rule: Rule) -> bool:
    """Tell whether a rule still takes something out of a mailbox."""
    if is_held(place.account_id, place.collection_id):
        return False
    now = get_place(place.collection_id)
    found = find_rule(now) if now is not None else None
    return found is not None and found.key == rule.key


def _delete(place: Place, ranges: Ranges) -> None:
    remove_messages(place.account_id, place.collection_id, ranges, kept=True)


def _move_to(use: SpecialUse, place: Place, ranges: Ranges) -> None:
    target = provide_mailbox(place.account_id, use)
    if target == place.collection_id:
        raise Invalid("The mailbox is what is used for {use} here: nothing moves there.", use=use)
    move_messages(place.account_id, place.collection_id, ranges, place.account_id, target)


def _archive(place: Place, ranges: Ranges) -> None:
    _move_to(SpecialUse.ARCHIVE, place, ranges)


def _trash(place: Place, ranges: Ranges) -> None:
    _move_to(SpecialUse.TRASH, place, ranges)


_ACTIONS: Mapping[RetentionAction, Callable[[Place, Ranges], None]] = {
    RetentionAction.ARCHIVE: _archive,
    RetentionAction.TRASH: _trash,
    RetentionAction.DELETE: _delete,
}
