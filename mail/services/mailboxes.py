"""Creating, renaming, deleting and subscribing to mailboxes."""

import secrets

from django.db import connection

from groupware.core import db, limits, rights
from groupware.core.changes import Change, begin_change, next_uid_validity
from groupware.core.clock import epoch
from groupware.core.errors import AlreadyExists, Invalid, LimitExceeded, NotFound
from groupware.core.events import CollectionChanged, MailboxListChanged, publish
from groupware.core.models import Collection, CollectionKind, CollectionTombstone
from mail.models import Mailbox, Subscription
from mail.models.mailbox import SpecialUse
from mail.names import (
    DELIMITER,
    FOREIGN_ROOTS,
    BadName,
    canonical_name,
    check_name,
    is_foreign,
    superiors,
)
from mail.queries import MailboxInfo, find_mailbox, get_mailbox
from mail.services import expunged

DEFAULT_MAILBOXES: tuple[tuple[str, SpecialUse], ...] = (
    ("INBOX", SpecialUse.NONE),
    ("Archive", SpecialUse.ARCHIVE),
    ("Drafts", SpecialUse.DRAFTS),
    ("Junk", SpecialUse.JUNK),
    ("Sent", SpecialUse.SENT),
    ("Trash", SpecialUse.TRASH),
)


class HasChildren(Invalid):
    """The name cannot go before those below it."""


class UseRefused(Invalid):
    """A mailbox cannot be given the special use that is asked for."""


def _checked(name: str) -> str:
    try:
        return check_name(name)
    except BadName as error:
        raise Invalid(str(error)) from error


def _checked_new(name: str) -> str:
    """Return the canonical name of a mailbox that is to be; raises `Invalid`."""
    name = _checked(name.removesuffix(DELIMITER))
    if is_foreign(name):
        raise Invalid(
            f"Names at and below {' and '.join(FOREIGN_ROOTS)} are for what others share."
        )
    return name


class CollectionSet:
    """The mail collections of an account by name, read under its lock."""

    def __init__(self, account_id: int) -> None:
        rows = Collection.objects.filter(account_id=account_id, kind=CollectionKind.MAIL)
        self.ids: dict[str, int] = dict(rows.values_list("name", "id"))

    def check_room(self) -> None:
        """Raise `LimitExceeded` where the account has as many mailboxes as it may have."""
        if len(self.ids) >= (limit := limits.MAILBOXES.value):
            raise LimitExceeded(f"An account has at most {limit} mailboxes.")

    def inferiors(self, name: str) -> dict[str, int]:
        """Names below `name`, with their ids."""
        prefix = name + DELIMITER
        return {held: key for held, key in self.ids.items() if held.startswith(prefix)}


def create_mailbox(account_id: int, name: str, special_use: str = "") -> MailboxInfo:
    """Create a mailbox and the superiors it lacks (RFC 3501 §6.3.3).

    A name that is left of a deleted mailbox becomes a new mailbox. Each new one is granted to
    whom the one above it is. A special use has one
    mailbox at most. Raises `AlreadyExists`, `Invalid`, `LimitExceeded`, `UseRefused`.
    """
    name = _checked_new(name)
    with db.write_transaction():
        change = begin_change(account_id)
        held = CollectionSet(account_id)
        if special_use:
            _check_use(account_id, special_use)
        _insert_superiors(change, held, name)
        if name in held.ids:
            _revive(change, held.ids[name], name, special_use)
        else:
            held.check_room()
            held.ids[name] = _insert(change, name, special_use).pk
        _inherit(held, name)
        _publish_list(account_id)
        return get_mailbox(account_id, name)


def _check_use(account_id: int, special_use: str) -> None:
    if special_use not in SpecialUse.values:
        raise UseRefused(f"No mailbox here can be used for {special_use}.")
    taken = Mailbox.objects.filter(collection__account_id=account_id, special_use=special_use)
    name = taken.values_list("collection__name", flat=True).first()
    if name is not None:
        raise UseRefused(f"The mailbox {name} has that use already: delete it first.")


def _insert_superiors(change: Change, held: CollectionSet, name: str) -> None:
    for superior in superiors(name):
        if superior not in held.ids:
            held.check_room()
            held.ids[superior] = _insert(change, superior, "").pk
            _inherit(held, superior)


def _inherit(held: CollectionSet, name: str) -> None:
    """Grant on a new mailbox what is granted on the one above it (RFC 4314 §4)."""
    if above := superiors(name):
        rights.inherit_grants(held.ids[above[-1]], held.ids[name])


def _insert(change: Change, name: str, special_use: str) -> Collection:
    collection = Collection.objects.create(
        account_id=change.account_id,
        kind=CollectionKind.MAIL,
        name=name,
        object_id=secrets.token_urlsafe(16),
        uid_validity=next_uid_validity(change.account_id),
        highest_modseq=change.modseq,
        created_modseq=change.modseq,
        changed_modseq=change.modseq,
        tombstone_floor=change.modseq,
    )
    Mailbox.objects.create(collection=collection, special_use=special_use)
    return collection


def _revive(change: Change, collection_id: int, name: str, special_use: str) -> None:
    revived = Mailbox.objects.filter(collection_id=collection_id, selectable=False)
    if not revived.update(selectable=True, special_use=special_use):
        raise AlreadyExists(f"The mailbox {name} is there already.")
    Collection.objects.filter(id=collection_id).update(
        uid_validity=next_uid_validity(change.account_id),
        highest_modseq=change.modseq,
        changed_modseq=change.modseq,
        tombstone_floor=change.modseq,
    )


def provide_mailbox(account_id: int, use: SpecialUse) -> int:
    """Return the mailbox of a special use, else the one with the name of it, else a new one."""
    found = find_provided(account_id, use)
    if found is not None:
        return found
    return create_mailbox(account_id, use.value, use).collection_id


def find_provided(account_id: int, use: SpecialUse) -> int | None:
    """Return the mailbox of a special use, else the one with the name of it, else None."""
    used = Mailbox.objects.filter(
        collection__account_id=account_id, special_use=use, selectable=True
    )
    found = used.values_list("collection_id", flat=True).first()
    if found is not None:
        return found
    named = find_mailbox(account_id, use.value)
    return named.collection_id if named is not None and named.selectable else None


def create_default_mailboxes(account_id: int) -> None:
    """Create what a new account begins with, each subscribed (the provisioner)."""
    with db.write_transaction():
        change = begin_change(account_id)
        for name, special_use in DEFAULT_MAILBOXES:
            _insert(change, name, special_use)
            Subscription.objects.create(account_id=account_id, name=name)


def delete_mailbox(account_id: int, name: str) -> None:
    """Delete a mailbox and its messages (RFC 3501 §6.3.4).

    With inferiors it stays as a name that cannot be selected. Raises `NotFound`, `Invalid`,
    `HasChildren`.
    """
    name = canonical_name(name)
    if name == "INBOX":
        raise Invalid("INBOX cannot be deleted.")
    with db.write_transaction():
        change = begin_change(account_id)
        held = CollectionSet(account_id)
        collection_id = held.ids.get(name)
        if collection_id is None:
            raise NotFound("There is no such mailbox.")
        inferiors = held.inferiors(name)
        if inferiors and not Mailbox.objects.get(collection_id=collection_id).selectable:
            raise HasChildren(
                "A name with mailboxes below it cannot be deleted: delete those first."
            )
        _empty(change, collection_id)
        _bury(change, collection_id, keep_name=bool(inferiors))
        _publish_list(account_id)
        event = CollectionChanged(account_id, collection_id, 0)
        db.on_commit(lambda: publish(event))


def _empty(change: Change, collection_id: int) -> None:
    """Remove every message of a mailbox that is going, and give back what they used.

    They can be restored for a while, by the name that the mailbox had.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT items, bytes FROM core_collection WHERE id = %s", [collection_id])
        items, size = cursor.fetchone()
        # In the database alone: a mailbox may hold a million messages.
        expunged.keep_messages("m.collection_id = %s", [collection_id])
        cursor.execute(
            "DELETE FROM mail_messageprefix WHERE message_id IN"
            " (SELECT id FROM mail_message WHERE collection_id = %s)",
            [collection_id],
        )
        for table in ("mail_messagereader", "mail_messagechunk", "mail_message"):
            cursor.execute(f"DELETE FROM {table} WHERE collection_id = %s", [collection_id])
    begin_change(change.account_id, add_bytes=-size, add_items=-items)


def _bury(change: Change, collection_id: int, *, keep_name: bool) -> None:
    collection = Collection.objects.get(id=collection_id)
    CollectionTombstone.objects.create(
        account_id=change.account_id,
        kind=collection.kind,
        object_id=collection.object_id,
        modseq=change.modseq,
        created_at=epoch(),
    )
    Mailbox.objects.filter(collection_id=collection_id).delete()
    collection.delete()
    if keep_name:
        # A collection of its own: who has the mailbox open never meets what comes by its name.
        left = _insert(change, collection.name, "")
        Mailbox.objects.filter(collection=left).update(selectable=False)


def rename_mailbox(account_id: int, old: str, new: str) -> None:
    """Rename a mailbox with everything below it (RFC 3501 §6.3.5).

    INBOX keeps its name and gives its messages to the new mailbox. Raises `NotFound`,
    `AlreadyExists`, `Invalid`.
    """
    old, new = canonical_name(old), _checked_new(new)
    if new.startswith(old + DELIMITER) and old != "INBOX":
        raise Invalid("A mailbox cannot be moved below itself.")
    with db.write_transaction():
        change = begin_change(account_id)
        held = CollectionSet(account_id)
        if old not in held.ids:
            raise NotFound("There is no such mailbox.")
        if new in held.ids or new == "INBOX":
            raise AlreadyExists(f"The mailbox {new} is there already.")
        _insert_superiors(change, held, new)
        if old == "INBOX":
            held.check_room()
            _rename_inbox(change, held, new)
        else:
            _rename_tree(change, {old: held.ids[old], **held.inferiors(old)}, old, new)
        _publish_list(account_id)


def _rename_tree(change: Change, tree: dict[str, int], old: str, new: str) -> None:
    for name, collection_id in tree.items():
        renamed = _checked(new + name[len(old) :])
        Collection.objects.filter(id=collection_id).update(
            name=renamed, changed_modseq=change.modseq
        )


def _rename_inbox(change: Change, held: CollectionSet, new: str) -> None:
    from mail.services.copying import move_messages

    target = _insert(change, new, "")
    held.ids[new] = target.pk
    _inherit(held, new)
    everything = [(1, 2**62)]
    move_messages(change.account_id, held.ids["INBOX"], everything, change.account_id, target.pk)


def subscribe(account_id: int, name: str) -> None:
    """Subscribe to a name, whether there is such a mailbox or not."""
    name = _checked(name)
    with db.write_transaction():
        begin_change(account_id)
        _, made = Subscription.objects.get_or_create(account_id=account_id, name=name)
        limit = limits.SUBSCRIPTIONS.value
        if made and Subscription.objects.filter(account_id=account_id).count() > limit:
            raise LimitExceeded(f"An account has at most {limit} subscriptions.")


def unsubscribe(account_id: int, name: str) -> None:
    """End a subscription; raises `NotFound` where there is none."""
    with db.write_transaction():
        begin_change(account_id)
        gone, _ = Subscription.objects.filter(
            account_id=account_id, name=canonical_name(name)
        ).delete()
        if not gone:
            raise NotFound("There is no such subscription.")


def _publish_list(account_id: int) -> None:
    event = MailboxListChanged(account_id)
    db.on_commit(lambda: publish(event))
