"""Damage that one statement does to a store, and what the doctor must say of it."""

from dataclasses import dataclass
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.db import connection

from groupware.core import blobs
from groupware.core.doctor import Examination, Fault, examine
from groupware.core.models import Account
from mail.models import Message
from mail.services.messages import expunge_messages
from tests.services.store import append, mailbox

INBOX = "ann@example.test/mail/INBOX"
OF_UID_3 = "(SELECT blob_id FROM mail_message WHERE uid = 3 AND collection_id = {inbox})"


@dataclass(frozen=True, slots=True)
class Damage:
    """A statement, and the fault that it makes."""

    sql: str
    check: str
    where: str
    what: str


DAMAGES: tuple[Damage, ...] = (
    Damage(
        "UPDATE core_collection SET uid_next = 4 WHERE id = {inbox}",
        "uid-next",
        f"{INBOX} UID 4",
        "uid_next, 4",
    ),
    Damage(
        "UPDATE mail_message SET uid = 0 WHERE uid = 1 AND collection_id = {inbox}",
        "uid-next",
        f"{INBOX} UID 0",
        "cannot be",
    ),
    Damage(
        "UPDATE mail_message SET modseq = 900 WHERE uid = 3 AND collection_id = {inbox}",
        "modseq-order",
        f"{INBOX} UID 3",
        "its modseq 900 is above",
    ),
    Damage(
        "UPDATE mail_message SET created_modseq = modseq + 1"
        " WHERE uid = 3 AND collection_id = {inbox}",
        "modseq-order",
        f"{INBOX} UID 3",
        "was created at",
    ),
    Damage(
        "UPDATE core_collection SET highest_modseq = 900 WHERE id = {inbox}",
        "modseq-order",
        INBOX,
        "its highest_modseq 900 is not below",
    ),
    Damage(
        "UPDATE core_collection SET changed_modseq = 900 WHERE id = {inbox}",
        "modseq-order",
        INBOX,
        "changed at 900",
    ),
    Damage(
        "UPDATE core_accountstate SET next_modseq = 1 WHERE account_id = {ann}",
        "modseq-order",
        INBOX,
        "account's next, 1",
    ),
    Damage(
        "UPDATE core_accountstate SET tombstone_floor = 900 WHERE account_id = {ann}",
        "account-floor",
        "ann@example.test",
        "tombstone_floor lies above",
    ),
    Damage(
        "UPDATE core_collection SET tombstone_floor = 900 WHERE id = {inbox}",
        "tombstone-floor",
        INBOX,
        "its tombstone_floor 900 is above",
    ),
    Damage(
        "UPDATE core_tombstone SET modseq = 900 WHERE collection_id = {inbox}",
        "tombstone-modseq",
        INBOX,
        "the tombstone of 2:2 has modseq 900",
    ),
    Damage(
        "UPDATE core_tombstone SET uid_last = 3 WHERE collection_id = {inbox}",
        "tombstone-lives",
        f"{INBOX} UID 3",
        "2:3 are gone",
    ),
    Damage(
        "UPDATE core_tombstone SET uid_last = 9 WHERE collection_id = {inbox}",
        "tombstone-range",
        INBOX,
        "covers what never was",
    ),
    Damage(
        "DELETE FROM core_tombstone WHERE collection_id = {inbox}",
        "tombstone-missing",
        INBOX,
        "UIDs 2:2 are gone without a tombstone",
    ),
    Damage(
        "UPDATE core_collection SET uid_next = 8 WHERE id = {inbox}",
        "tombstone-missing",
        INBOX,
        "UIDs 5:7 are gone without a tombstone",
    ),
    Damage(
        "INSERT INTO core_collectiontombstone (account_id, kind, object_id, modseq, created_at)"
        " SELECT account_id, kind, object_id, 1, 0 FROM core_collection WHERE id = {inbox}",
        "tombstone-lives",
        "ann@example.test",
        "has a tombstone and is there",
    ),
    Damage(
        "INSERT INTO core_collectiontombstone (account_id, kind, object_id, modseq, created_at)"
        " VALUES ({ann}, 'mail', 'x', 900, 0)",
        "tombstone-modseq",
        "ann@example.test",
        "modseq 900, not below",
    ),
    Damage(
        "UPDATE core_collection SET uid_validity = (SELECT uid_validity FROM core_collection"
        " WHERE account_id = {ann} AND name = 'Trash') WHERE id = {inbox}",
        "uid-validity",
        "ann@example.test/mail/Trash",
        "is also that of INBOX",
    ),
    Damage(
        "UPDATE core_accountstate SET next_uid_validity = 5 WHERE account_id = {ann}",
        "uid-validity",
        INBOX,
        "account's next, 5",
    ),
    Damage(
        "UPDATE core_collection SET items = 7 WHERE id = {inbox}",
        "collection-count",
        INBOX,
        "it counts 7 items",
    ),
    Damage(
        "UPDATE core_collection SET bytes = bytes + 1 WHERE id = {inbox}",
        "collection-count",
        INBOX,
        "and holds 3 of",
    ),
    Damage(
        "UPDATE core_accountstate SET bytes_used = 0 WHERE account_id = {ann}",
        "quota",
        "ann@example.test",
        "charged 3 items of 0 octets",
    ),
    Damage(
        "UPDATE core_accountstate SET items_used = 9 WHERE account_id = {ann}",
        "quota",
        "ann@example.test",
        "charged 9 items",
    ),
    Damage(
        "UPDATE mail_mailbox SET unseen = 5 WHERE collection_id = {inbox}",
        "flag-count",
        INBOX,
        "it counts 5 unseen and 0 deleted messages, and holds 1 and 0",
    ),
    Damage(
        "UPDATE mail_mailbox SET deleted = 5 WHERE collection_id = {inbox}",
        "flag-count",
        INBOX,
        "5 deleted",
    ),
    Damage(
        "UPDATE mail_message SET size = size + 1 WHERE uid = 3 AND collection_id = {inbox}",
        "message-size",
        f"{INBOX} UID 3",
        "not that of its prefix and its blob",
    ),
    Damage(
        "DELETE FROM mail_messageprefix",
        "message-prefix",
        f"{INBOX} UID 3",
        "should be 32 octets and is 0",
    ),
    Damage(
        "UPDATE mail_messageprefix SET data = data || data",
        "message-prefix",
        f"{INBOX} UID 3",
        "should be 32 octets and is 64",
    ),
    Damage(
        "UPDATE mail_message SET account_id = {ben} WHERE uid = 3 AND collection_id = {inbox}",
        "owner",
        f"{INBOX} UID 3",
        "of mail_message is of ben@example.test",
    ),
    Damage(
        "UPDATE core_tombstone SET account_id = {ben} WHERE collection_id = {inbox}",
        "owner",
        INBOX,
        "of core_tombstone is of ben@example.test",
    ),
    Damage(
        "UPDATE core_collection SET kind = 'calendars' WHERE id = {inbox}",
        "message-kind",
        "ann@example.test/calendars/INBOX UID 3",
        "collection of calendars",
    ),
    Damage(
        "UPDATE core_collection SET kind = 'calendars' WHERE id = {inbox}",
        "mailbox-row",
        "ann@example.test/calendars/INBOX",
        "is no mailbox",
    ),
    Damage(
        "UPDATE core_collection SET name = 'OUTBOX' WHERE id = {inbox}",
        "inbox",
        "ann@example.test",
        "has no INBOX",
    ),
    Damage(
        "DELETE FROM mail_mailbox WHERE collection_id = {inbox}",
        "mailbox-row",
        INBOX,
        "has no mailbox row",
    ),
    Damage(
        "UPDATE mail_mailbox SET selectable = (1 = 0) WHERE collection_id = {inbox}",
        "mailbox-selectable",
        INBOX,
        "holds 3 messages",
    ),
    Damage(
        "UPDATE mail_messagechunk SET modseq = modseq - 1 WHERE collection_id = {inbox}",
        "chunk",
        f"{INBOX} UID 4",
        "is not noted where clients look for changes",
    ),
    Damage(
        "UPDATE mail_messagechunk SET flags = substr(flags, 1, 3) || '-' || substr(flags, 5)"
        " WHERE collection_id = {inbox}",
        "chunk-flags",
        f"{INBOX} UID 3",
        "has no flags of it",
    ),
    Damage(
        "UPDATE mail_messagechunk SET flags = substr(flags, 1, 9) || '1' || substr(flags, 11)"
        " WHERE collection_id = {inbox}",
        "chunk",
        f"{INBOX} chunk 0",
        "are not those of its messages",
    ),
    Damage(
        "UPDATE mail_message SET keywords = '' WHERE uid = 4 AND collection_id = {inbox}",
        "chunk-keywords",
        f"{INBOX} UID 4",
        "wrong about whether it has keywords",
    ),
    Damage(
        "UPDATE mail_messagechunk SET all_modseq = modseq + 1 WHERE collection_id = {inbox}",
        "chunk",
        f"{INBOX} chunk 0",
        "is below that of all its messages",
    ),
    Damage(
        "UPDATE mail_messagechunk SET modseq = 900 WHERE collection_id = {inbox}",
        "modseq-order",
        f"{INBOX} chunk 0",
        "is above the mailbox's highest",
    ),
    Damage(
        "INSERT INTO mail_messagereader (account_id, collection_id, uid, reader_id, seen,"
        " modseq) VALUES ({ann}, {inbox}, 2, {ben}, (1 = 1), 1)",
        "reader",
        f"{INBOX} UID 2",
        "ben@example.test is noted as a reader of a message that",
    ),
    Damage(
        "INSERT INTO mail_messagereader (account_id, collection_id, uid, reader_id, seen,"
        " modseq) VALUES ({ann}, {inbox}, 3, {ann}, (1 = 1), 1)",
        "reader",
        f"{INBOX} UID 3",
        "owns the mailbox",
    ),
    Damage(
        "INSERT INTO mail_messagereader (account_id, collection_id, uid, reader_id, seen,"
        " modseq) VALUES ({ann}, {inbox}, 3, {ben}, (1 = 1), 900)",
        "modseq-order",
        f"{INBOX} UID 3",
        "modseq 900 of its reader ben@example.test",
    ),
    Damage(
        "UPDATE mail_message SET email_id = 77 WHERE collection_id = {inbox}",
        "copies",
        f"{INBOX} UID 1",
        "its 3 copies of one email_id differ",
    ),
    Damage(
        f"DELETE FROM mail_messagecontent WHERE blob_id = {OF_UID_3}",
        "index",
        f"{INBOX} UID 3",
        "the message is not indexed",
    ),
    Damage(
        f"UPDATE mail_messagecontent SET index_version = 0 WHERE blob_id = {OF_UID_3}",
        "index",
        f"{INBOX} UID 3",
        "indexed by version 0",
    ),
    Damage(
        "UPDATE mail_expungedmessage SET size = 5 WHERE account_id = {ann}",
        "expunged-size",
        f"{INBOX} expunged UID 2",
        "its size 5 is not that of",
    ),
    Damage(
        "UPDATE mail_expungedmessage SET mailbox_id = (SELECT id FROM core_collection"
        " WHERE account_id = {ben} AND name = 'INBOX') WHERE account_id = {ann}",
        "expunged-owner",
        f"{INBOX} expunged UID 2",
        "is of ben@example.test",
    ),
    Damage(
        "UPDATE mail_expungedmessage SET uid = 3 WHERE account_id = {ann}",
        "expunged-lives",
        f"{INBOX} expunged UID 3",
        "is in its mailbox",
    ),
    Damage(
        "DELETE FROM core_accountstate WHERE account_id = {ann}",
        "account-state",
        "ann@example.test",
        "has no counter",
    ),
    Damage(
        "UPDATE core_addresstarget SET account_id = {ben} WHERE account_id = {ann}",
        "account-address",
        "ann@example.test",
        "no primary address of that name",
    ),
    Damage(
        "DELETE FROM core_addresstarget WHERE account_id = {ann}",
        "address-target",
        "ann@example.test",
        "leads to nobody",
    ),
)


def find(**options: Any) -> list[Fault]:
    return [found for found in examine(Examination(**options)) if isinstance(found, Fault)]


def damage(sql: str, *params: int | str | bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        assert cursor.rowcount != 0, "nothing was damaged"


def fill_inbox(ann: Account) -> int:
    """Return the collection of an INBOX of UIDs 1, 3 and 4; 2 was expunged, 3 is unseen and has a prefix."""
    collection_id = mailbox(ann).collection_id
    append(ann, flags=1)
    append(ann, flags=8)
    append(ann, prefix=b"Delivered-To: ann@example.test\r\n")
    append(ann, flags=1, keywords=["$Junk"])
    expunge_messages(ann.pk, collection_id)
    blobs.carry_over()
    return collection_id


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("doctor", *arguments, stdout=output)
    return output.getvalue()


def location_of(collection_id: int, uid: int) -> str:
    return Message.objects.values_list("blob__location", flat=True).get(
        collection_id=collection_id, uid=uid
    )
