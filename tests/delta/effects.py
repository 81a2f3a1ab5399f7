"""What a command does to the store, as the RFCs have it; compared with the rows themselves."""

from collections.abc import Mapping

from groupware.core import db
from mail import queries
from tests.delta.commands import DELETED, Command, Flags
from tests.delta.law import Fresh
from tests.delta.responses import Violation

Rows = Mapping[int, tuple[Flags, int]]
"""(flags, modseq) by UID, ascending."""
EVERYTHING = ((1, 2**32),)


def read_rows(collection_id: int, reader_id: int = 0) -> Rows:
    """Return a mailbox as it is in the database for a reader; empty when it is gone."""
    names = {1: "\\seen", 2: "\\answered", 4: "\\flagged", 8: "\\deleted", 16: "\\draft"}
    fields = ("uid", "flags", "keywords", "modseq")
    with db.read_snapshot():
        rows = queries.fetch_messages(collection_id, EVERYTHING, fields, reader_id=reader_id)
    return {
        uid: (
            frozenset(name for bit, name in names.items() if mask & bit)
            | frozenset(words.lower().split()),
            modseq,
        )
        for uid, mask, words, modseq in rows
    }


def check_rows(rows: Rows, fresh: Fresh) -> None:
    """Compare what a fresh client saw with the rows."""
    told = {uid: (flags, modseq) for uid, flags, modseq in fresh.known}
    if told != rows:
        raise Violation(f"a fresh client was told {told}, the rows are {rows}")


def check_effect(command: Command, before: Rows, after: Rows, *, read_only: bool) -> None:
    """Hold a command that was alone to its effect on the mailbox in which it was given.

    Messages that it added there (APPEND, COPY into the same mailbox) are passed over.
    """
    expected = _expected(command, {uid: flags for uid, (flags, _) in before.items()}, read_only)
    newest = max(before, default=0)
    found = {uid: flags for uid, (flags, _) in after.items() if uid <= newest}
    if found != expected:
        raise Violation(f"{command.serialize()!r} made {before} into {after}")
    for uid in found:
        changed = before[uid][0] != after[uid][0]
        if changed != (after[uid][1] > before[uid][1]):
            raise Violation(f"{command.serialize()!r} left modseqs: {before} became {after}")


def _expected(command: Command, before: dict[int, Flags], read_only: bool) -> dict[int, Flags]:
    named = {message.uid for message in command.targets}
    name = command.name.removeprefix("UID ")
    if read_only and name not in {"COPY", "APPEND"}:
        return before
    if name in {"EXPUNGE", "CLOSE"}:
        scope = named if command.name == "UID EXPUNGE" else set(before)
        return {
            uid: flags for uid, flags in before.items() if uid not in scope or DELETED not in flags
        }
    if name == "MOVE" and command.is_ok:
        return {uid: flags for uid, flags in before.items() if uid not in named}
    if name == "STORE" and command.change is not None:
        change, stored = command.change, named - command.modified_uids
        return {
            uid: change.apply(flags) if uid in stored else flags for uid, flags in before.items()
        }
    if name == "FETCH" and "BODY[" in command.arguments and "PEEK" not in command.arguments:
        return {uid: flags | {"\\seen"} if uid in named else flags for uid, flags in before.items()}
    return before
