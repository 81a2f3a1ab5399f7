"""What the doctor's checks are made of: what they find, what they are told, how they read."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from groupware.core import db

PAGE = 500
"""Rows that one query of a check returns at most: a check keeps no more in memory."""


@dataclass(frozen=True, slots=True)
class Repair:
    """A service that makes anew what can be derived, and what it is called with.

    Two faults that one call repairs have equal repairs.
    """

    service: Callable[..., None]
    keys: tuple[int, ...]

    def run(self) -> None:
        """Do it; raises `GroupwareError` where it cannot be done."""
        self.service(*self.keys)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it must be: where, what, and what a person does about it."""

    check: str
    where: str
    what: str
    advice: str
    repair: Repair | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is no fault and worth knowing."""

    check: str
    text: str


Finding = Fault | Note


def _silent(_step: str, _done: int, _total: int) -> None:
    """Tell nobody how far it is."""


@dataclass(slots=True)
class Examination:
    """What is examined, how deeply, and how far it is.

    `account_id` restricts it to what one account owns. `counted` becomes the summary.
    """

    account_id: int | None = None
    deep: bool = False
    on_progress: Callable[[str, int, int], None] = _silent
    counted: Counter[str] = field(default_factory=Counter)

    def within(self, column: str) -> str:
        """Return the SQL condition that `column` is of the accounts that are examined."""
        return "1 = 1" if self.account_id is None else f"{column} = {self.account_id:d}"

    def count(self, name: str, sql: str) -> int:
        """Note how many of something there are, for the summary; returns the number."""
        ((number,),) = read_rows(sql)
        self.counted[name] += number
        return int(number)


Check = Callable[[Examination], Iterator[Finding]]
"""Looks at the store without writing; yields where no snapshot and no cursor is open."""


def read_rows(sql: str, **params: str | int) -> list[tuple[Any, ...]]:
    """Return the rows of a query that are known to be few, from a snapshot of its own."""
    with db.read_snapshot(), connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def read_pages(sql: str, *, page: int = PAGE, **params: str | int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a query whose first column is an ascending key, page by page.

    The query is bounded by `%(after)s` and `%(page)s`. Each page is one statement in a snapshot
    of its own, so what a query compares it compares in one state of the store, while others
    write and however long the rows are looked at.
    """
    after = 0
    while True:
        rows = read_rows(sql, **params, after=after, page=page)
        yield from rows
        if len(rows) < page:
            return
        after = rows[-1][0]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a table of rules: an SQL condition that only a faulty row meets.

    `what` is a format string over the columns of the query. `repair` is a service, called with
    the columns `repair_keys`.
    """

    check: str
    condition: str
    what: str
    advice: str
    repair: Callable[..., None] | None = None
    repair_keys: tuple[str, ...] = ("account_id",)


@dataclass(frozen=True, slots=True)
class RuledRows:
    """Rows that a table of rules is held against, all rules in one pass.

    `columns` are (name, SQL) pairs: `key` first, among the others `where` as a person reads it,
    and the keys of the rules' repairs.
    """

    tables: str
    columns: tuple[tuple[str, str], ...]
    rules: tuple[Rule, ...]

    def find(self, within: str) -> Iterator[Fault]:
        """Yield a fault for each rule that a row breaks."""
        key = self.columns[0][1]
        columns = ", ".join(sql for _, sql in self.columns)
        broken = ", ".join(f"CASE WHEN {rule.condition} THEN 1 ELSE 0 END" for rule in self.rules)
        any_broken = " OR ".join(f"({rule.condition})" for rule in self.rules)
        sql = (
            f"SELECT {columns}, {broken} FROM {self.tables}"
            f" WHERE {within} AND ({any_broken}) AND {key} > %(after)s"
            f" ORDER BY {key} LIMIT %(page)s"
        )
        width = len(self.columns)
        names = [name for name, _ in self.columns]
        for row in read_pages(sql):
            values = dict(zip(names, row, strict=False))
            for rule, is_broken in zip(self.rules, row[width:], strict=True):
                if is_broken:
                    yield _fault(rule, values)


def _fault(rule: Rule, values: dict[str, Any]) -> Fault:
    repair = None
    if rule.repair is not None:
        repair = Repair(rule.repair, tuple(values[name] for name in rule.repair_keys))
    what = rule.what.format_map(values)
    return Fault(rule.check, values["where"], what, rule.advice, repair)
