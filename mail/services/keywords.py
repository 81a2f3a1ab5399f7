"""The keywords that a mailbox knows: one spelling for each, and not too many of them."""

from collections.abc import Sequence

from groupware.core import db, limits
from groupware.core.errors import LimitExceeded
from mail.flags import join_keywords


def spell_keywords(collection_id: int, keywords: Sequence[str]) -> list[str]:
    """Return keywords in the case in which the mailbox saw each first: one name for one thing."""
    if not keywords:
        return []
    rows = db.fetch_rows(
        "SELECT keywords FROM mail_mailbox WHERE collection_id = %s", [collection_id]
    )
    known = {name.lower(): name for row in rows for name in row[0].split()}
    return [known.setdefault(name.lower(), name) for name in keywords]


def spell_stored(collection_id: int, stored: set[str]) -> dict[str, str]:
    """Return, for keywords in their stored form, that form in the mailbox's spelling."""
    words = " ".join(sorted(stored)).split()
    names = dict(zip(words, spell_keywords(collection_id, words), strict=True))
    return {form: join_keywords(names[word] for word in form.split()) for form in stored}


def respell_stored(collection_id: int, uid: int, spelled: dict[str, str]) -> None:
    """Bring the keywords of what was inserted from `uid` on into the mailbox's spelling."""
    for old, new in spelled.items():
        if new != old:
            db.execute(
                "UPDATE mail_message SET keywords = %s"
                " WHERE collection_id = %s AND uid >= %s AND keywords = %s",
                [new, collection_id, uid, old],
            )


def add_mailbox_keywords(collection_id: int, held: str, keywords: Sequence[str]) -> None:
    """Remember keywords that the mailbox has not seen before; raises `LimitExceeded`."""
    known = {name.lower() for name in held.split()}
    fresh = [name for name in keywords if name.lower() not in known]
    if fresh and len(known) + len(fresh) > (limit := limits.KEYWORDS.value):
        raise LimitExceeded(f"A mailbox knows at most {limit} keywords.")
    if fresh:
        db.execute(
            "UPDATE mail_mailbox SET keywords = %s WHERE collection_id = %s",
            [join_keywords([*held.split(), *fresh]), collection_id],
        )
