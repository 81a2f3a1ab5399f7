"""Whether a reply keeps what it says, in the eyes of the client that asked."""

from tests.delta.commands import Command, Mailbox
from tests.delta.responses import Violation, read_numbers

_OPENED = {b"READ-ONLY": True, b"READ-WRITE": False}


def check_outcome(command: Command, mailbox: Mailbox | None) -> None:
    """Take the reply's code and check what the command's answers owe the client."""
    assert command.reply is not None
    code = command.reply.code
    _take_code(command, code)
    if mailbox is not None:
        _check_defined(command, mailbox)
        if command.change is not None:
            _check_change(command, mailbox)
    if not command.is_ok:
        return
    if command.opened is not None:
        _check_opened(command.opened, code)
    if command.tells_all:
        _check_told(command)
    if command.name in {"SEARCH", "UID SEARCH"} and command.found is None:
        raise Violation("a SEARCH that found nothing says so")
    if command.name in {"MOVE", "UID MOVE"} and mailbox is not None and command.copied:
        left = mailbox.with_uids(frozenset(command.copied[1]))
        if left:
            raise Violation(f"{left} moved away and are still there")


def _take_code(command: Command, code: tuple[bytes, ...]) -> None:
    match code:
        case (b"COPYUID", *_):
            note_copied(command, code)
        case (b"APPENDUID", validity, uids):
            command.copied = int(validity), [], read_numbers(uids)
        case (b"MODIFIED", numbers):
            command.modified = frozenset(read_numbers(numbers))


def note_copied(command: Command, code: tuple[bytes, ...]) -> None:
    """Take a COPYUID: which message became which."""
    _, validity, sources, targets = code
    command.copied = int(validity), read_numbers(sources), read_numbers(targets)
    _, source_uids, target_uids = command.copied
    if len(source_uids) != len(target_uids) or len(set(target_uids)) != len(target_uids):
        raise Violation(f"COPYUID does not pair: {code}")
    named = {message.uid for message in command.targets}
    if not named.issuperset(source_uids) and all(named):
        raise Violation(f"COPYUID {source_uids} names others than {sorted(named)}")


def _check_opened(mailbox: Mailbox, code: tuple[bytes, ...]) -> None:
    if mailbox.exists < 0 or mailbox.defined is None:
        raise Violation("SELECT without EXISTS or FLAGS")
    if not (mailbox.uid_validity and mailbox.uid_next and mailbox.highest_modseq):
        raise Violation("SELECT without UIDVALIDITY, UIDNEXT or HIGHESTMODSEQ")
    if _OPENED.get(code[0] if code else b"") is not mailbox.read_only:
        raise Violation(f"the mailbox is open with {code}")


def _check_defined(command: Command, mailbox: Mailbox) -> None:
    """By the reply at the latest, a client must have heard of each keyword (RFC 3501 §7.2.6)."""
    for message in command.fetched:
        if not (message.flags or frozenset()) <= (mailbox.defined or frozenset()):
            raise Violation(f"{message} has flags that are not among {mailbox.defined}")


def _check_told(command: Command) -> None:
    for message in command.targets:
        if message not in command.fetched and not message.is_gone:
            raise Violation(f"{command.serialize()!r} tells nothing of {message}")


def _check_change(command: Command, mailbox: Mailbox) -> None:
    """Do a silent STORE in the client's memory too, and check the answers of another."""
    change = command.change
    assert change is not None
    for number, message in enumerate(mailbox.messages, start=1):
        if (number if command.name == "STORE" else message.uid) in command.modified:
            command.modified_uids.add(message.uid)
            continue
        if message not in command.targets:
            continue
        told = command.told.get(message)
        if told is not None:
            if command.is_ok and not change.is_done(told):
                raise Violation(f"{command.serialize()!r} left {message}")
        elif command.is_ok and not change.silent:
            raise Violation(f"{command.serialize()!r} tells nothing of {message}")
        elif (command.is_ok or message in command.fetched) and message.flags is not None:
            # What happened to it otherwise would have been told (RFC 3501 §6.4.6, note). A NO for
            # others that are gone comes with a new modseq of each that was changed.
            message.flags = change.apply(message.flags)
