"""What is true of every store at rest, checked the slow way from the rows: an oracle of its own
beside `doctor`."""

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256

from django.db import connection

from groupware.core import blobs
from groupware.core.models import Account, Blob, OutboxRow
from groupware.core.quotawarnings import WARN
from mail.flags import DELETED, SEEN
from mail.models import Mailbox, Message, MessageChunk

_QUERIES: dict[str, str] = {
    "a UID is not below uid_next": (
        "SELECT m.collection_id, m.uid FROM mail_message m JOIN core_collection c"
        " ON c.id = m.collection_id WHERE m.uid >= c.uid_next"
    ),
    "a message's modseq is above its mailbox's": (
        "SELECT m.collection_id, m.uid FROM mail_message m JOIN core_collection c"
        " ON c.id = m.collection_id"
        " WHERE m.modseq > c.highest_modseq OR m.created_modseq > m.modseq"
    ),
    "a mailbox's modseq is not below the account's next": (
        "SELECT c.id, c.highest_modseq FROM core_collection c JOIN core_accountstate s"
        " ON s.account_id = c.account_id WHERE c.highest_modseq >= s.next_modseq"
    ),
    "a tombstone's modseq is above its mailbox's": (
        "SELECT t.id, t.modseq FROM core_tombstone t JOIN core_collection c"
        " ON c.id = t.collection_id WHERE t.modseq > c.highest_modseq"
    ),
    "a message lies under a tombstone": (
        "SELECT m.collection_id, m.uid FROM mail_message m JOIN core_tombstone t"
        " ON t.collection_id = m.collection_id AND m.uid BETWEEN t.uid_first AND t.uid_last"
    ),
    "a message is in another account's mailbox": (
        "SELECT m.collection_id, m.uid FROM mail_message m JOIN core_collection c"
        " ON c.id = m.collection_id WHERE m.account_id <> c.account_id"
    ),
    "a mailbox does not count what it holds": (
        "SELECT c.id, c.items, c.bytes, COUNT(m.id), COALESCE(SUM(m.size), 0)"
        " FROM core_collection c LEFT JOIN mail_message m ON m.collection_id = c.id"
        " GROUP BY c.id, c.items, c.bytes"
        " HAVING c.items <> COUNT(m.id) OR c.bytes <> COALESCE(SUM(m.size), 0)"
    ),
    "an account's use is not the sum of its mailboxes'": (
        "SELECT s.account_id, s.bytes_used, s.items_used FROM core_accountstate s"
        " LEFT JOIN core_collection c ON c.account_id = s.account_id"
        " GROUP BY s.account_id, s.bytes_used, s.items_used HAVING"
        " s.bytes_used <> COALESCE(SUM(c.bytes), 0) OR s.items_used <> COALESCE(SUM(c.items), 0)"
    ),
    "two mailboxes of an account have one UIDVALIDITY": (
        "SELECT account_id, uid_validity FROM core_collection"
        " GROUP BY account_id, uid_validity HAVING COUNT(*) > 1"
    ),
    "a UIDVALIDITY is not below the account's next": (
        "SELECT c.id, c.uid_validity FROM core_collection c JOIN core_accountstate s"
        " ON s.account_id = c.account_id WHERE c.uid_validity >= s.next_uid_validity"
    ),
    "a message has no indexed content": (
        "SELECT m.collection_id, m.uid FROM mail_message m LEFT JOIN mail_messagecontent t"
        " ON t.blob_id = m.blob_id WHERE t.blob_id IS NULL"
    ),
    "a message's size is not prefix and blob": (
        "SELECT m.collection_id, m.uid FROM mail_message m JOIN core_blob s ON s.id = m.blob_id"
        " WHERE m.size <> m.prefix_size + s.size"
    ),
}


def find_faults() -> Iterator[str]:
    """Yield one line for each thing that is not as it must be; the outbox must be worked off."""
    with connection.cursor() as cursor:
        for fault, query in _QUERIES.items():
            cursor.execute(query)
            for row in cursor.fetchall():
                yield f"{fault}: {row}"
    yield from _find_miscounted_flags()
    yield from _find_lost_bytes()
    left = OutboxRow.objects.exclude(topic=WARN)  # people are told of full accounts in time
    for topic, error in left.values_list("topic", "last_error"):
        yield f"work is left in the outbox: {topic} {error}"
    for account in Account.objects.filter(state=None):
        yield f"{account.login} has no state"
    for account in Account.objects.filter(address_targets=None):
        yield f"{account.login} has no address"
    for account in Account.objects.filter(collections=None):
        yield f"{account.login} has no collection"


def _find_miscounted_flags() -> Iterator[str]:
    """Read each message's flags from its place in the text of its chunk, and count them."""
    chunks = MessageChunk.objects.values_list("collection_id", "chunk", "flags")
    texts = {(collection_id, number): text for collection_id, number, text in chunks}
    unseen: Counter[int] = Counter()
    deleted: Counter[int] = Counter()
    for collection_id, uid in Message.objects.values_list("collection_id", "uid"):
        character = texts.get((collection_id, uid // 256), "-" * 256)[uid % 256]
        if character == "-":
            yield f"a message has no flags: {collection_id} UID {uid}"
        mask = ord(character) - ord("0")
        unseen[collection_id] += not mask & SEEN
        deleted[collection_id] += bool(mask & DELETED)
    for row in Mailbox.objects.values_list("collection_id", "unseen", "deleted"):
        if row != (row[0], unseen[row[0]], deleted[row[0]]):
            yield f"a mailbox does not count its flags: {row}"


def _find_lost_bytes() -> Iterator[str]:
    for digest, location in Blob.objects.values_list("digest", "location"):
        try:
            data = blobs.read_location(location)
        except blobs.BlobMissing:
            yield f"no bytes lie at {location}"
        else:
            if sha256(data).digest() != bytes(digest):
                yield f"the bytes at {location} are not those of the digest"
