"""The delta law: what a client knew, plus what it was told, equals a fresh SELECT and FETCH."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tests.delta.client import MESSAGE_ID, Known
from tests.delta.commands import Command, Flags
from tests.delta.line import Line
from tests.delta.responses import Violation

LISTED: Final = "(UID FLAGS MODSEQ BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"


@dataclass(frozen=True, slots=True)
class Fresh:
    """A mailbox as a client sees it that has never been there."""

    uid_validity: int
    uid_next: int
    highest_modseq: int
    known: list[Known]
    defined: Flags
    message_ids: Mapping[int, bytes]

    @property
    def modseqs(self) -> dict[int, int]:
        """Return the mod-sequences by UID."""
        return {uid: modseq for uid, _, modseq in self.known}


def read_fresh(witness: Line, name: str) -> Fresh:
    """Open a mailbox and fetch everything; the witness speaks CONDSTORE and ends without one."""
    witness.do("SELECT", name)
    mailbox = witness.client.mailbox
    assert mailbox is not None
    if mailbox.messages:
        command = witness.do("FETCH", f"1:* {LISTED}")
        missing = [message for message in mailbox.messages if message not in command.fetched]
        assert not missing, f"FETCH 1:* says nothing of {missing}"
    known = witness.client.known()
    assert known is not None, f"FETCH 1:* told only a part of {mailbox}"
    status = _check_status(witness, name, known)
    witness.do("UNSELECT")
    assert status["UIDNEXT"] >= mailbox.uid_next
    return Fresh(
        mailbox.uid_validity,
        mailbox.uid_next,
        mailbox.highest_modseq,
        known,
        mailbox.defined or frozenset(),
        {message.uid: message.message_id for message in mailbox.messages},
    )


def _check_status(witness: Line, name: str, known: list[Known]) -> dict[str, int]:
    command = witness.do("STATUS", f"{name} (MESSAGES UNSEEN UIDNEXT HIGHESTMODSEQ)")
    status = {key: int(value) for key, value in command.status.items() if isinstance(value, bytes)}
    unseen = sum("\\seen" not in flags for _, flags, _ in known)
    if (status["MESSAGES"], status["UNSEEN"]) != (len(known), unseen):
        raise Violation(f"STATUS of {name} is {status}, FETCH told {known}")
    if any(uid >= status["UIDNEXT"] for uid, _, _ in known):
        raise Violation(f"STATUS of {name} is {status}, and there are {known}")
    if any(modseq > status["HIGHESTMODSEQ"] for _, _, modseq in known):
        raise Violation(f"STATUS of {name} is {status}, and there are {known}")
    return status


def catch_up(line: Line) -> bool:
    """Let a client hear what is new and fetch what it never saw; tell whether it is there still."""
    line.end_idle()
    if line.client.has_ended or not line.run(Command("NOOP")):
        return False
    return line.client.mailbox is None or line.run(line.client.ask_unknown())


def check_law(line: Line, fresh: Fresh) -> None:
    """Compare what the client knows with what a fresh one sees; raises `Violation`."""
    mailbox = line.client.mailbox
    assert mailbox is not None
    if mailbox.uid_validity != fresh.uid_validity:
        raise Violation(f"UIDVALIDITY is {fresh.uid_validity}, the client holds another")
    expected = fresh.known
    if not line.client.condstore:
        expected = [(uid, flags, 0) for uid, flags, _ in expected]
    if mailbox.defined != fresh.defined:
        raise Violation(f"FLAGS were {mailbox.defined}, fresh are {fresh.defined}")
    known = line.client.known()
    if known != expected:
        raise Violation(f"the client knows {known}, fresh are {expected}")


def check_silence(line: Line) -> None:
    """Hold the server to telling nothing to who knows all."""
    heard = line.client.heard
    if line.run(Command("NOOP")) and line.client.heard != heard + 1:
        raise Violation("NOOP tells something to a client that knows all")


def check_changed_since(line: Line, then: Fresh, now: Fresh) -> None:
    """Hold FETCH CHANGEDSINCE to what changed between; the client has caught up."""
    mailbox = line.client.mailbox
    assert mailbox is not None
    if not mailbox.messages or then.uid_validity != now.uid_validity:
        return
    command = line.do("FETCH", f"1:* (FLAGS) (CHANGEDSINCE {then.highest_modseq})")
    told = [message.uid for message in command.fetched]
    held = {uid: (flags, modseq) for uid, flags, modseq in then.known}
    changed = [uid for uid, flags, modseq in now.known if held.get(uid) != (flags, modseq)]
    if told != changed:
        raise Violation(f"changed since {then.highest_modseq} are {changed}, told {told}")
    if any(then.modseqs.get(uid, 0) >= modseq for uid, _, modseq in now.known if uid in changed):
        raise Violation(f"a change left its modseq: {then.known} became {now.known}")


assert MESSAGE_ID.removeprefix("BODY") in LISTED
