"""Collections: their modseqs, floors and UIDVALIDITYs, and their tombstones."""

from collections.abc import Iterator

from groupware.core.doctor.findings import (
    Examination,
    Fault,
    Finding,
    Repair,
    Rule,
    RuledRows,
    read_pages,
)
from groupware.core.doctor.repair import begin_anew, settle_order

COLLECTION = "a.login || '/' || c.kind || '/' || c.name"
"""SQL of a collection's name as a person writes it, from `core_account a`, `core_collection c`."""
SETTLE = "Raise the counters above what is there: `doctor --repair`."
ANEW = "Let its clients load it again: `doctor --repair` gives it a new UIDVALIDITY."
RESTORE = "Restore the database from a backup."

_COLLECTIONS = RuledRows(
    tables=(
        "core_collection c JOIN core_account a ON a.id = c.account_id"
        " JOIN core_accountstate s ON s.account_id = a.id"
    ),
    columns=(
        ("key", "c.id"),
        ("where", COLLECTION),
        ("account_id", "a.id"),
        ("highest_modseq", "c.highest_modseq"),
        ("next_modseq", "s.next_modseq"),
        ("created_modseq", "c.created_modseq"),
        ("changed_modseq", "c.changed_modseq"),
        ("floor", "c.tombstone_floor"),
        ("uid_validity", "c.uid_validity"),
        ("next_uid_validity", "s.next_uid_validity"),
    ),
    rules=(
        Rule(
            "modseq-order",
            "c.highest_modseq >= s.next_modseq",
            "its highest_modseq {highest_modseq} is not below the account's next, {next_modseq}",
            SETTLE,
            settle_order,
        ),
        Rule(
            "modseq-order",
            "c.created_modseq >= s.next_modseq OR c.changed_modseq >= s.next_modseq",
            "it was created at {created_modseq} and changed at {changed_modseq}, and the"
            " account's next modseq is {next_modseq}",
            SETTLE,
            settle_order,
        ),
        Rule(
            "tombstone-floor",
            "c.tombstone_floor > c.highest_modseq",
            "its tombstone_floor {floor} is above its highest_modseq {highest_modseq}",
            SETTLE,
            settle_order,
        ),
        Rule(
            "uid-validity",
            "c.uid_validity >= s.next_uid_validity",
            "its UIDVALIDITY {uid_validity} is not below the account's next, {next_uid_validity}",
            SETTLE,
            settle_order,
        ),
    ),
)
_TOMBSTONES = RuledRows(
    tables=(
        "core_tombstone t JOIN core_collection c ON c.id = t.collection_id"
        " JOIN core_account a ON a.id = c.account_id"
    ),
    columns=(
        ("key", "t.id"),
        ("where", COLLECTION),
        ("account_id", "a.id"),
        ("collection_id", "c.id"),
        ("first", "t.uid_first"),
        ("last", "t.uid_last"),
        ("href", "t.href"),
        ("modseq", "t.modseq"),
        ("highest_modseq", "c.highest_modseq"),
        ("uid_next", "c.uid_next"),
    ),
    rules=(
        Rule(
            "tombstone-modseq",
            "t.modseq > c.highest_modseq",
            "the tombstone of {first}:{last}{href} has modseq {modseq}, above the highest_modseq"
            " {highest_modseq}",
            SETTLE,
            settle_order,
        ),
        Rule(
            "tombstone-range",
            "t.href = '' AND (t.uid_first < 1 OR t.uid_last < t.uid_first"
            " OR t.uid_last >= c.uid_next)",
            "the tombstone of UIDs {first}:{last} covers what never was (uid_next is {uid_next})",
            ANEW,
            begin_anew,
            ("account_id", "collection_id"),
        ),
    ),
)
_DEAD_COLLECTIONS = RuledRows(
    tables=(
        "core_collectiontombstone t JOIN core_account a ON a.id = t.account_id"
        " JOIN core_accountstate s ON s.account_id = a.id"
    ),
    columns=(
        ("key", "t.id"),
        ("where", "a.login"),
        ("account_id", "a.id"),
        ("object_id", "t.object_id"),
        ("modseq", "t.modseq"),
        ("next_modseq", "s.next_modseq"),
    ),
    rules=(
        Rule(
            "tombstone-modseq",
            "t.modseq >= s.next_modseq",
            "the tombstone of the collection {object_id} has modseq {modseq}, not below the"
            " account's next, {next_modseq}",
            SETTLE,
            settle_order,
        ),
        Rule(
            "tombstone-lives",
            "EXISTS (SELECT 1 FROM core_collection c WHERE c.object_id = t.object_id)",
            "the collection {object_id} has a tombstone and is there",
            RESTORE,
        ),
    ),
)

_TWINS = """
SELECT id, place, uid_validity, other, account_id FROM (
    SELECT c.id, c.account_id, {place} AS place, c.uid_validity,
           LAG(c.name) OVER (PARTITION BY c.account_id, c.uid_validity ORDER BY c.id) AS other
    FROM core_collection c JOIN core_account a ON a.id = c.account_id WHERE {within}
) held
WHERE other IS NOT NULL AND id > %(after)s ORDER BY id LIMIT %(page)s
"""


def check_collections(examination: Examination) -> Iterator[Finding]:
    """Find counters out of order, floors and tombstones that cannot be, shared UIDVALIDITYs."""
    within = examination.within("c.account_id")
    yield from _COLLECTIONS.find(within)
    yield from _TOMBSTONES.find(within)
    yield from _DEAD_COLLECTIONS.find(examination.within("t.account_id"))
    twins = _TWINS.format(place=COLLECTION, within=within)
    for key, where, uid_validity, other, account_id in read_pages(twins):
        what = f"its UIDVALIDITY {uid_validity} is also that of {other}"
        yield Fault("uid-validity", where, what, ANEW, Repair(begin_anew, (account_id, key)))
