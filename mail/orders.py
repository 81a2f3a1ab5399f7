"""The messages of a mailbox in the order of a number that each has, by the database."""

from groupware.core import db
from mail.columns import select_columns, tables_of


def list_by_number(
    collection_id: int, first: int, last: int, field: str, *, reverse: bool
) -> list[tuple[int, int]]:
    """Return (number, uid) of all messages of a range of UIDs, ascending.

    `field` of `mail.columns.FIELDS` is the number, its negative with `reverse`.
    """
    tables, _ = tables_of([field])
    number = f"-{select_columns([field])}" if reverse else select_columns([field])
    return db.fetch_rows(
        f"SELECT {number}, m.uid FROM {tables}"
        " WHERE m.collection_id = %s AND m.uid BETWEEN %s AND %s ORDER BY 1, 2",
        [collection_id, first, last],
    )
