"""Reads for retention: which rule a mailbox goes by, what is old enough, what is on hold.

Of the rules that reach a mailbox the nearest one counts: its own, then one for its use of its
account, of its domain, of the installation. Run inside `db.read_snapshot`, or with the account's
lock.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from groupware.core import db
from mail.columns import select_columns, tables_of
from mail.flags import FLAGGED
from mail.mime.text import read_sender_and_subject
from mail.models.mailbox import SpecialUse
from mail.models.retention import RetentionAction, RetentionAge

DAY = 24 * 3600
INBOX = "INBOX"
USES: tuple[str, ...] = (INBOX, *(use for use in SpecialUse.values if use))
"""What a rule for all mailboxes of a use names."""
PAGE = 500
"""Mailboxes that one query lists."""

_AGE_COLUMNS = {RetentionAge.RECEIVED: "m.internal_date", RetentionAge.ARRIVED: "m.saved_at"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of retention (`mail.models.RetentionRule`); `key` is 0 where it is not kept."""

    key: int
    domain_id: int | None
    account_id: int | None
    collection_id: int | None
    use: str
    days: int
    action: str
    age: str
    spares_flagged: bool
    run_at: int = 0

    @property
    def reach(self) -> tuple[int | None, int | None, int | None, str]:
        """Return what two rules cannot both have."""
        return self.domain_id, self.account_id, self.collection_id, self.use

    def cutoff(self, moment: int) -> int:
        """Return the moment before which a message is old enough."""
        return moment - self.days * DAY


@dataclass(frozen=True, slots=True)
class Place:
    """A mailbox that messages may go from; `use` is "INBOX", a special use or nothing."""

    collection_id: int
    account_id: int
    domain_id: int
    login: str
    name: str
    use: str


@dataclass(frozen=True, slots=True)
class Amount:
    """What is old enough in a mailbox; `spared` messages are so, and flagged."""

    messages: int
    octets: int
    spared: int


@dataclass(frozen=True, slots=True)
class Example:
    """A message that would go; the dates in epoch seconds."""

    uid: int
    size: int
    internal_date: int
    saved_at: int
    sender: str
    subject: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What a rule would take out of a mailbox now; nothing where it is held."""

    place: Place
    amount: Amount
    is_held: bool


class Rulebook:
    """All rules there are, to find the one that a mailbox goes by."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = {rule.reach: rule for rule in rules}

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules.values())

    def having(self, rule: Rule) -> "Rulebook":
        """Return these with one more, in place of one that reaches the same."""
        return Rulebook([*(held for held in self if held.reach != rule.reach), rule])

    def find(self, place: Place) -> Rule | None:
        """Return the rule that counts for a mailbox, None where none does or it says KEEP."""
        reaches = (
            (None, place.account_id, place.collection_id, ""),
            (None, place.account_id, None, place.use),
            (place.domain_id, None, None, place.use),
            (None, None, None, place.use),
        )
        for reach in reaches:
            if (rule := self._rules.get(reach)) is not None:
                return None if rule.action == RetentionAction.KEEP else rule
        return None


_RULES = (
    "SELECT id, domain_id, account_id, collection_id, use, days, action, age, spares_flagged,"
    " run_at FROM mail_retentionrule"
)


def read_rules() -> Rulebook:
    """Return every rule, the oldest first."""
    return Rulebook(map(_rule, db.fetch_rows(f"{_RULES} ORDER BY id")))


def _rule(row: tuple[Any, ...]) -> Rule:
    values: list[Any] = [*row]
    values[8] = bool(values[8])
    return Rule(*values)


def find_rule(place: Place) -> Rule | None:
    """Return the rule that counts for a mailbox now, None where none does or it says KEEP."""
    rows = db.fetch_rows(
        f"{_RULES} WHERE collection_id = %s OR (use = %s AND collection_id IS NULL"
        " AND (account_id = %s OR account_id IS NULL) AND (domain_id = %s OR domain_id IS NULL))",
        [place.collection_id, place.use, place.account_id, place.domain_id],
    )
    return Rulebook(map(_rule, rows)).find(place)


_PLACES = (
    "SELECT c.id, c.account_id, a.domain_id, a.login, c.name,"
    " CASE WHEN c.name = 'INBOX' THEN 'INBOX' ELSE b.special_use END"
    " FROM core_collection c JOIN mail_mailbox b ON b.collection_id = c.id"
    " JOIN core_account a ON a.id = c.account_id WHERE c.kind = 'mail' AND b.selectable"
)


def list_places(rule: Rule) -> Iterator[Place]:
    """Yield the mailboxes that a rule names, page by page, each in a snapshot of its own.

    Also those for which a nearer rule counts.
    """
    condition, params = _reached(rule)
    after = 0
    while True:
        with db.read_snapshot():
            rows = db.fetch_rows(
                f"{_PLACES} AND {condition} AND c.id > %s ORDER BY c.id LIMIT %s",
                [*params, after, PAGE],
            )
        yield from (Place(*row) for row in rows)
        if len(rows) < PAGE:
            return
        after = rows[-1][0]


def _reached(rule: Rule) -> tuple[str, list[Any]]:
    if rule.collection_id is not None:
        return "c.id = %s", [rule.collection_id]
    is_of_use = ("c.name = %s" if rule.use == INBOX else "b.special_use = %s", [rule.use])
    for column, key in (("c.account_id", rule.account_id), ("a.domain_id", rule.domain_id)):
        if key is not None:
            return f"{is_of_use[0]} AND {column} = %s", [*is_of_use[1], key]
    return is_of_use


def get_place(collection_id: int) -> Place | None:
    """Return a mailbox, None where it is gone or is none."""
    rows = db.fetch_rows(f"{_PLACES} AND c.id = %s", [collection_id])
    return Place(*rows[0]) if rows else None


def list_own_places(account_id: int) -> list[Place]:
    """Return the mailboxes of an account, by name."""
    rows = db.fetch_rows(f"{_PLACES} AND c.account_id = %s ORDER BY c.name", [account_id])
    return [Place(*row) for row in rows]


def find_inbox(account_id: int) -> Place | None:
    """Return an account's INBOX."""
    rows = db.fetch_rows(f"{_PLACES} AND c.account_id = %s AND c.name = 'INBOX'", [account_id])
    return Place(*rows[0]) if rows else None


def list_old(
    collection_id: int, rule: Rule, *, moment: int, after: int, limit: int
) -> list[tuple[int, int]]:
    """Return (UID, octets) of the first messages behind a UID that are old enough to go."""
    tables, condition = _old(rule)
    return db.fetch_rows(
        f"SELECT m.uid, m.size FROM {tables} WHERE m.collection_id = %s AND m.uid > %s"
        f" AND {condition} ORDER BY m.uid LIMIT %s",
        [collection_id, after, rule.cutoff(moment), limit],
    )


def _old(rule: Rule, *, spared: bool = False) -> tuple[str, str]:
    """Return (tables, condition with the cut-off as parameter) of what goes or is `spared`."""
    condition = f"{_AGE_COLUMNS[RetentionAge(rule.age)]} < %s"
    if not rule.spares_flagged:
        return "mail_message m", f"{condition} AND 1 = 0" if spared else condition
    tables, _ = tables_of(["flags"])
    test = "<>" if spared else "="
    return tables, f"{condition} AND (({select_columns(['flags'])}) & {FLAGGED}) {test} 0"


def count_old(collection_id: int, rule: Rule, *, moment: int) -> Amount:
    """Return how much is old enough in a mailbox."""
    params = [collection_id, rule.cutoff(moment)]
    counts: list[tuple[int, int]] = []
    for spared in (False, True):
        tables, condition = _old(rule, spared=spared)
        [(number, size)] = db.fetch_rows(
            f"SELECT COUNT(*), COALESCE(SUM(m.size), 0) FROM {tables}"
            f" WHERE m.collection_id = %s AND {condition}",
            params,
        )
        counts.append((int(number), int(size)))
    (messages, size), (spared_messages, _) = counts
    return Amount(messages, size, spared_messages)


def expect(
    rule: Rule, rules: Rulebook, *, moment: int, places: Iterable[Place] | None = None
) -> Iterator[Expected]:
    """Yield what a rule would take away now, mailbox by mailbox; empty ones are left out.

    `places` are some of those that it names; all where nothing is said.
    """
    for place in list_places(rule) if places is None else places:
        if rules.find(place) != rule:
            continue
        with db.read_snapshot():
            amount = count_old(place.collection_id, rule, moment=moment)
            held = is_held(place.account_id, place.collection_id)
        if amount.messages or amount.spared:
            yield Expected(place, amount, held)


def list_examples(collection_id: int, rule: Rule, *, moment: int, limit: int) -> list[Example]:
    """Return the first messages that are old enough, as a person knows them."""
    uids = [row[0] for row in list_old(collection_id, rule, moment=moment, after=0, limit=limit)]
    if not uids:
        return []
    condition, params = db.in_list("m.uid", uids)
    rows = db.fetch_rows(
        "SELECT m.uid, m.size, m.internal_date, m.saved_at, t.header_fields FROM mail_message m"
        " LEFT JOIN mail_messagecontent t ON t.blob_id = m.blob_id"
        f" WHERE m.collection_id = %s AND {condition} ORDER BY m.uid",
        [collection_id, *params],
    )
    return [_example(row) for row in rows]


def _example(row: tuple[Any, ...]) -> Example:
    *columns, header = row
    columns += read_sender_and_subject(bytes(header or b""))
    return Example(*columns)


def is_held(account_id: int, collection_id: int) -> bool:
    """Tell whether a mailbox or its account is on hold."""
    condition = held_condition("%s", "%s")
    return bool(db.fetch_rows(f"SELECT 1 WHERE {condition}", [account_id, collection_id]))


def is_mailbox_held(account_id: int, collection_id: int) -> bool:
    """Tell whether a mailbox is on hold by itself: what moves elsewhere in its account leaves it."""
    return bool(
        db.fetch_rows(
            "SELECT 1 FROM mail_retentionhold WHERE account_id = %s AND mailbox_id = %s",
            [account_id, collection_id],
        )
    )


def held_condition(account: str, mailbox: str) -> str:
    """Return SQL of whether the mailbox in a column, of the account in another, is on hold."""
    return (
        f"EXISTS (SELECT 1 FROM mail_retentionhold h WHERE h.account_id = {account}"
        f" AND (h.mailbox_id = 0 OR h.mailbox_id = {mailbox}))"
    )


@dataclass(frozen=True, slots=True)
class Expiry:
    """After how many days messages may go from INBOX; None is never.

    `varies`: not the same for every account.
    """

    days: int | None
    varies: bool = False


NEVER = Expiry(None)


def find_expiry(account_id: int) -> Expiry:
    """Return after how many days messages may go from an account's INBOX by themselves.

    Each POP3 login asks it: one statement where there is no rule for any INBOX.
    """
    if not db.fetch_rows(f"SELECT 1 {_OF_INBOXES} LIMIT 1"):
        return NEVER
    place = find_inbox(account_id)
    rule = find_rule(place) if place is not None else None
    if place is None or rule is None or is_held(account_id, place.collection_id):
        return NEVER
    return Expiry(rule.days)


_OF_INBOXES = (
    "FROM mail_retentionrule r LEFT JOIN core_collection c ON c.id = r.collection_id"
    " WHERE (r.use = 'INBOX' OR c.name = 'INBOX')"
)


def find_least_expiry() -> Expiry:
    """Return the fewest days after which messages may go from anybody's INBOX."""
    rows = db.fetch_rows(
        "SELECT r.days, r.action, r.account_id IS NULL AND r.domain_id IS NULL " + _OF_INBOXES
    )
    days = [row[0] for row in rows if row[1] != RetentionAction.KEEP]
    if not days:
        return NEVER
    holds = db.fetch_rows("SELECT 1 FROM mail_retentionhold LIMIT 1")
    return Expiry(min(days), varies=bool(holds) or not (len(rows) == 1 and rows[0][2]))
