"""The local times of a rule's instances, in bounded time: COUNT, windows and fuel."""

from __future__ import annotations

from collections.abc import Iterator

from calendar_app.ical.fuel import AllConsideredError, Allowance, Fuel, OutOfFuel
from calendar_app.ical.plans import begin_near, make_plan
from calendar_app.ical.rules import MOST_COUNT, Rule
from calendar_app.ical.values import to_datetime
from calendar_app.ical.walking import walk

__all__ = ["Fuel", "OutOfFuel", "iterate_rule"]


def iterate_rule(
    rule: Rule, start: int, after: int, before: int, fuel: Fuel, *, includes_start: bool = False
) -> Iterator[int]:
    """Yield the local times of a rule's instances, in order.

    `start` is the local time of DTSTART, which counts as the first instance (§3.8.5.3) whether the
    rule has it or not; it is yielded where the rule has it and `includes_start`. Instances before
    `after` may be left out, those from `before` on are. UNTIL is the caller's. Raises `OutOfFuel`.
    """
    plan = make_plan(rule, to_datetime(start))
    if rule.count is None:
        plan = begin_near(plan, after)
    allowance = Allowance(fuel, plan.most_considered(before))
    first = start if includes_start else start + 1
    left = MOST_COUNT if rule.count is None else rule.count - (not includes_start)
    try:
        for instance in walk(plan, allowance) if left else ():
            if instance >= before:
                fuel.is_cut = True
                return
            if instance >= first:
                yield instance
                left -= 1
                if left == 0:
                    return
    except AllConsideredError:
        fuel.is_cut = True
    finally:
        allowance.close()
