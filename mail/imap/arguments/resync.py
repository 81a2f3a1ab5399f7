"""The QRESYNC parameter of SELECT and EXAMINE (RFC 7162 §7)."""

from mail.imap.resync import Resync, SeqMatch
from mail.imap.sequences import MAX_NUMBER, STAR, SequenceSet
from mail.imap.wire import ProtocolError, Reader


def parse_resync(reader: Reader) -> Resync:
    """Take `(uidvalidity SP mod-sequence [SP known-uids] [SP (seqs SP uids)])`."""
    reader.expect(b"(", "what is known of the mailbox")
    uid_validity = reader.number("a UIDVALIDITY", largest=MAX_NUMBER)
    reader.space()
    modseq = reader.modseq()
    if not (uid_validity and modseq):
        raise ProtocolError("What is known has a UIDVALIDITY and a mod-sequence, neither zero.")
    known_uids, match = None, None
    if reader.accept(b" ("):
        match = _parse_match(reader)
    elif reader.accept(b" "):
        known_uids = _parse_numbers(reader)
        if reader.accept(b" ("):
            match = _parse_match(reader)
    reader.expect(b")", "')' after what is known of the mailbox")
    return Resync(uid_validity, modseq, known_uids, match)


def _parse_match(reader: Reader) -> SeqMatch:
    seqs = _parse_numbers(reader)
    reader.space()
    match = SeqMatch(seqs.ranges, _parse_numbers(reader).ranges)
    if not match.is_paired:
        raise ProtocolError("The numbers and the UIDs ascend, and there are as many of both.")
    reader.expect(b")", "')' after the UIDs")
    return match


def _parse_numbers(reader: Reader) -> SequenceSet:
    numbers = reader.sequence_set()
    if numbers.is_saved or any(STAR in pair for pair in numbers.ranges):
        raise ProtocolError("What is known has neither '*' nor '$'.")
    return numbers
