"""What a client remembers of mailboxes when its session is over."""

from dataclasses import dataclass, field

from tests.delta.commands import Flags, Mailbox, Message
from tests.delta.responses import Violation


@dataclass(slots=True)
class Memory:
    """What a client remembers of mailboxes across sessions, by UIDVALIDITY."""

    uid_next: dict[int, int] = field(default_factory=dict)
    highest_modseq: dict[int, int] = field(default_factory=dict)
    modseqs: dict[tuple[int, int], int] = field(default_factory=dict)
    states: dict[tuple[int, int, int], Flags] = field(default_factory=dict)

    def note_opened(self, mailbox: Mailbox) -> None:
        """Check what SELECT told against what was told before."""
        validity = mailbox.uid_validity
        for told, held, what in (
            (mailbox.uid_next, self.uid_next, "UIDNEXT"),
            (mailbox.highest_modseq, self.highest_modseq, "HIGHESTMODSEQ"),
        ):
            if told < held.get(validity, 0):
                raise Violation(f"{what} fell from {held[validity]} to {told}")
            held[validity] = told

    def note_message(self, validity: int, message: Message) -> None:
        """Check a message's modseq: it never falls, and stands for one state."""
        uid, modseq, flags = message.uid, message.modseq, message.flags
        if modseq < self.modseqs.get((validity, uid), 0):
            raise Violation(f"the modseq of {uid} fell to {modseq}")
        self.modseqs[validity, uid] = modseq
        held = self.highest_modseq.get(validity, 0)
        self.highest_modseq[validity] = max(held, modseq)
        if flags is not None and self.states.setdefault((validity, uid, modseq), flags) != flags:
            raise Violation(f"the flags of {uid} changed, its modseq {modseq} did not")
