"""Items of every kind: their modseqs, and what collections and accounts count of them."""

from collections.abc import Iterator

from django.apps import apps

from groupware.core.doctor.collections import COLLECTION, SETTLE
from groupware.core.doctor.findings import (
    Examination,
    Fault,
    Finding,
    Repair,
    Rule,
    RuledRows,
    read_pages,
)
from groupware.core.doctor.repair import recount_account, recount_collection, settle_order
from groupware.core.models.store import Item

RECOUNT = "Count anew: `doctor --repair`."

_COUNTED = """
SELECT c.id, c.account_id, {place}, c.items, c.bytes, COALESCE(h.items, 0), COALESCE(h.size, 0)
FROM core_collection c JOIN core_account a ON a.id = c.account_id
LEFT JOIN (
    SELECT collection_id, COUNT(*) AS items, SUM(size) AS size FROM ({items}) i
    WHERE {within_items} GROUP BY collection_id
) h ON h.collection_id = c.id
WHERE {within} AND (c.items <> COALESCE(h.items, 0) OR c.bytes <> COALESCE(h.size, 0))
AND c.id > %(after)s ORDER BY c.id LIMIT %(page)s
"""
_CHARGED = """
SELECT s.account_id, a.login, s.items_used, s.bytes_used,
       COALESCE(h.items, 0), COALESCE(h.size, 0)
FROM core_accountstate s JOIN core_account a ON a.id = s.account_id
LEFT JOIN (
    SELECT account_id, COUNT(*) AS items, SUM(size) AS size FROM ({items}) i
    WHERE {within_items} GROUP BY account_id
) h ON h.account_id = s.account_id
WHERE {within} AND (s.items_used <> COALESCE(h.items, 0) OR s.bytes_used <> COALESCE(h.size, 0))
AND s.account_id > %(after)s ORDER BY s.account_id LIMIT %(page)s
"""


def item_models() -> list[type[Item]]:
    """Return the models of every kind of item."""
    return [model for model in apps.get_models() if issubclass(model, Item)]


def label_sql(model: type[Item]) -> str:
    """Return SQL that names an item `i` of the model inside its collection."""
    names = {field.name for field in model._meta.concrete_fields}
    if "uid" in names:
        return f"{COLLECTION} || ' UID ' || i.uid"
    return f"{COLLECTION} || '/' || i.href" if "href" in names else f"{COLLECTION} || ' #' || i.id"


def items_sql() -> str:
    """Return SQL of all items of every kind, with account, collection and size."""
    return " UNION ALL ".join(
        f"SELECT account_id, collection_id, size FROM {model._meta.db_table}"
        for model in item_models()
    )


def _rows_of(model: type[Item]) -> RuledRows:
    return RuledRows(
        tables=(
            f"{model._meta.db_table} i JOIN core_collection c ON c.id = i.collection_id"
            " JOIN core_account a ON a.id = c.account_id"
        ),
        columns=(
            ("key", "i.id"),
            ("where", label_sql(model)),
            ("account_id", "c.account_id"),
            ("modseq", "i.modseq"),
            ("created_modseq", "i.created_modseq"),
            ("highest_modseq", "c.highest_modseq"),
        ),
        rules=(
            Rule(
                "modseq-order",
                "i.modseq > c.highest_modseq",
                "its modseq {modseq} is above the collection's highest, {highest_modseq}",
                SETTLE,
                settle_order,
            ),
            Rule(
                "modseq-order",
                "i.created_modseq > i.modseq",
                "it was created at {created_modseq}, after its modseq {modseq}",
                SETTLE,
                settle_order,
            ),
        ),
    )


def check_items(examination: Examination) -> Iterator[Finding]:
    """Find items out of the order of changes, and counts that are not those of the items."""
    models = item_models()
    for model in models:
        yield from _rows_of(model).find(examination.within("i.account_id"))
    if models:
        yield from _check_collection_counts(examination)
        yield from _check_account_use(examination)


def _check_collection_counts(examination: Examination) -> Iterator[Finding]:
    sql = _COUNTED.format(
        place=COLLECTION,
        items=items_sql(),
        within=examination.within("c.account_id"),
        within_items=examination.within("i.account_id"),
    )
    for key, account_id, where, items, size, held, held_size in read_pages(sql):
        what = f"it counts {items} items of {size} octets, and holds {held} of {held_size}"
        repair = Repair(recount_collection, (account_id, key))
        yield Fault("collection-count", where, what, RECOUNT, repair)


def _check_account_use(examination: Examination) -> Iterator[Finding]:
    sql = _CHARGED.format(
        items=items_sql(),
        within=examination.within("s.account_id"),
        within_items=examination.within("i.account_id"),
    )
    for key, where, items, size, held, held_size in read_pages(sql):
        what = f"its quota is charged {items} items of {size} octets, and it holds {held} of {held_size}"
        yield Fault("quota", where, what, RECOUNT, Repair(recount_account, (key,)))
