"""The messages of a mailbox in the order of a number that each has, by the database."""

from groupware.core import db
from mail import queries


def list_by_number(
    collection_id: int, first: int, last: int, field: str, *, reverse: bool
) -> list[tuple[int, int]]:
    """Return (number, uid) of all messages of a range of UIDs, ascending.

    `field` of `queries.FIELDS` is the number, its negative with `reverse`.
    """
    number = f"-{queries.FIELDS[field]}" if reverse else queries.FIELDS[field]
    return db.fetch_rows(
        f"SELECT {number}, m.uid FROM mail_message m{queries.joins_of([field])}"
        " WHERE m.collection_id = %s AND m.uid BETWEEN %s AND %s ORDER BY 1, 2",
        [collection_id, first, last],
    )
