"""Tokens of the client's side: RFC 3501 §9 up to flags, dates and mailbox names.

A command is read from its parts: line fragments at even places, the literals between them at
odd ones. Who asks for literals and limits them is connection.py; which token follows which is
commands.py.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final, TypeVar

from mail.flags import FLAG_NAMES
from mail.imap.sequences import MAX_NUMBER, SAVED, SET, SequenceSet, parse_sequence_set
from mail.names import canonical_name, is_normalized
from mail.utf7 import decode_utf7

MAX_NUMBER_64: Final = 2**63 - 1
MAX_MODSEQ: Final = MAX_NUMBER_64
MAX_LIST: Final = 1_000
"""Members of one parenthesised list; a line of 64 KiB could hold 32,000."""

SYSTEM_FLAGS: Final = {name.lower(): name for name in FLAG_NAMES.values()}
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_ATOM = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\\]]+')
_ASTRING = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\]+')
_LIST_MAILBOX = re.compile(rb'[^\x00-\x20\x7f-\xff(){"\\]+')
_TAG = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\+]+')
_QUOTED = re.compile(rb'"((?>(?:[^"\\\r\n\x00]++|\\["\\])*))"')
_ESCAPED = re.compile(rb'\\(["\\])')
_NUMBER = re.compile(rb"[0-9]{1,19}")
_DATE = re.compile(rb'("?)([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4})\1')
_DATE_TIME = re.compile(
    rb'"([ 0-9][0-9])-([A-Za-z]{3})-([0-9]{4})'
    rb' ([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})"'
)
_MONTH_NUMBERS: Final = {name.upper().encode(): n for n, name in enumerate(MONTHS, start=1)}

_T = TypeVar("_T")
_EIGHT_BIT = re.compile(rb"[\x80-\xff]")


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a client's ENABLE changes of the grammar.

    utf8: mailbox names are UTF-8, and quoted strings may hold it (RFC 6855 §3, RFC 9051 §5.1).
    charsets: a SEARCH may name its charset (not so after ENABLE UTF8=ACCEPT, RFC 6855 §3).
    """

    utf8: bool = False
    charsets: bool = True


PLAIN_DIALECT: Final = Dialect()


class ProtocolError(Exception):
    """The peer spoke against the grammar; the text is meant for the peer."""


class Reader:
    """A cursor over one command; every method takes a token or raises ProtocolError."""

    __slots__ = ("_line", "_next", "_parts", "_pos", "denormalized", "dialect")

    def __init__(self, parts: Sequence[bytes], dialect: Dialect = PLAIN_DIALECT) -> None:
        """Begin at the first part, a line fragment without its `{n}`."""
        self.dialect = dialect
        self.denormalized = ""
        self._parts = parts
        self._line = parts[0]
        self._next = 1
        self._pos = 0

    def at(self, char: bytes) -> bool:
        """Tell whether the next octet is this one."""
        return self._line.startswith(char, self._pos)

    def at_end(self) -> bool:
        """Tell whether the command is read to its end."""
        return self._pos == len(self._line) and self._next >= len(self._parts)

    def has_more(self) -> bool:
        """Tell whether more than spaces follows."""
        return self._next < len(self._parts) or bool(self._line[self._pos :].strip(b" "))

    def at_letter(self) -> bool:
        """Tell whether a letter comes next."""
        return self._line[self._pos : self._pos + 1].isalpha()

    def at_digit(self) -> bool:
        """Tell whether a digit comes next."""
        return self._line[self._pos : self._pos + 1].isdigit()

    def accept(self, char: bytes) -> bool:
        """Take the octets if they come next."""
        if not self._line.startswith(char, self._pos):
            return False
        self._pos += len(char)
        return True

    def accept_word(self, word: bytes) -> bool:
        """Take the octets, which stand here in upper case, in any case if they come next."""
        if self._line[self._pos : self._pos + len(word)].upper() != word:
            return False
        self._pos += len(word)
        return True

    def expect(self, char: bytes, what: str) -> None:
        """Take the octets, or fail naming what was wanted."""
        if not self.accept(char):
            raise ProtocolError(f"Expected {what}.")

    def space(self) -> None:
        """Take the one space between two arguments."""
        self.expect(b" ", "a space and another argument")

    def rest(self) -> bytes:
        """Take what is left of the line."""
        value = self._line[self._pos :]
        self._pos = len(self._line)
        return value

    def rest_of_all(self, *, longest: int) -> bytes | None:
        """Take what is left of the command, unless there are literals in it or it is longer."""
        if self._next < len(self._parts) or len(self._line) - self._pos > longest:
            return None
        return self.rest()

    def skip(self) -> None:
        """Leave the rest of the command unread, its literals too."""
        self._line = b""
        self._next = len(self._parts)
        self._pos = 0

    def end(self) -> None:
        """Take the end of the command; trailing spaces are forgiven."""
        while self.accept(b" "):
            pass
        if not self.at_end():
            raise ProtocolError("Unexpected text after the arguments.")

    def match(self, pattern: re.Pattern[bytes], what: str) -> re.Match[bytes]:
        """Take what the pattern matches here, or fail naming what was wanted."""
        found = pattern.match(self._line, self._pos)
        if found is None:
            raise ProtocolError(f"Expected {what}.")
        self._pos = found.end()
        return found

    def tag(self) -> bytes:
        """Take a command's tag."""
        return self.match(_TAG, "a tag")[0]

    def atom(self, what: str = "an atom") -> bytes:
        """Take an atom."""
        return self.match(_ATOM, what)[0]

    def word(self, what: str = "a keyword") -> str:
        """Take an atom in which case does not matter, as upper case."""
        return self.atom(what).upper().decode("ascii")

    def number(self, what: str = "a number", *, largest: int = MAX_NUMBER) -> int:
        """Take a number from 0 up to the largest allowed."""
        value = int(self.match(_NUMBER, what)[0])
        if value > largest:
            raise ProtocolError(f"Expected {what} up to {largest}.")
        return value

    def modseq(self) -> int:
        """Take a mod-sequence value or zero (RFC 7162 §7)."""
        return self.number("a mod-sequence", largest=MAX_MODSEQ)

    def literal(self, what: str = "a literal") -> bytes:
        """Take the literal that follows here."""
        if self._pos != len(self._line) or self._next + 1 >= len(self._parts):
            raise ProtocolError(f"Expected {what}.")
        value = self._parts[self._next]
        self._line = self._parts[self._next + 1]
        self._next += 2
        self._pos = 0
        return value

    def message(self) -> bytes:
        """Take a message: a literal, or a literal8, which says that it may hold NUL (RFC 3516)."""
        self.accept(b"~")
        return self.literal("the message as a literal")

    def string(self, what: str = "a string") -> bytes:
        """Take a quoted string or a literal; quoted may hold 8-bit octets, as clients send."""
        if not self.at(b'"'):
            return _without_nul(self.literal(what))
        value = self.match(_QUOTED, what)[1]
        if self.dialect.utf8:
            _decode_utf8(value)
        return _ESCAPED.sub(rb"\1", value) if b"\\" in value else value

    def astring(self, what: str = "a string") -> bytes:
        """Take an atom (in which `]` may stand) or a string."""
        found = _ASTRING.match(self._line, self._pos)
        if found is None:
            return self.string(what)
        self._pos = found.end()
        return found[0]

    def nstring(self, what: str = "a string or NIL") -> bytes | None:
        """Take a string or NIL."""
        if self._line[self._pos : self._pos + 3].upper() == b"NIL":
            self._pos += 3
            return None
        return self.string(what)

    def parenthesized(self, member: Callable[[], _T], what: str) -> tuple[_T, ...]:
        """Take `(` members `)`, which may be empty."""
        self.expect(b"(", f"a list of {what}")
        if self.accept(b")"):
            return ()
        members = [member()]
        while not self.accept(b")"):
            if len(members) == MAX_LIST:
                raise ProtocolError(f"More than {MAX_LIST} {what}.")
            self.space()
            members.append(member())
        return tuple(members)

    def sequence_set(self) -> SequenceSet:
        """Take a sequence set, or `$` (RFC 5182 §2.1)."""
        if self.accept(b"$"):
            return SAVED
        parsed = parse_sequence_set(self.match(SET, "a sequence set")[0])
        if parsed is None:
            raise ProtocolError("A sequence set holds numbers from 1 to 4294967295.")
        return parsed

    def mailbox(self) -> str:
        """Take a mailbox name and return its canonical form.

        Where that is another by normalization, `denormalized` is the name as it was given.
        """
        given = self._decode_mailbox(self.astring("a mailbox name"))
        if not given:
            raise ProtocolError("A mailbox name may not be empty.")
        self.denormalized = "" if is_normalized(given) else given
        return canonical_name(given)

    def list_mailbox(self) -> str:
        """Take a LIST pattern or reference, in which wildcards may stand and which may be empty."""
        found = _LIST_MAILBOX.match(self._line, self._pos)
        if found is None:
            return self._decode_mailbox(self.string("a mailbox pattern"))
        self._pos = found.end()
        return self._decode_mailbox(found[0])

    def _decode_mailbox(self, data: bytes) -> str:
        """Return the name: in UTF-8 once that is enabled, or where it can be nothing else."""
        if self.dialect.utf8 or _EIGHT_BIT.search(data):
            return _decode_utf8(data)
        name = decode_utf7(data)
        if name is None:
            raise ProtocolError("The mailbox name is not valid modified UTF-7.")
        return name

    def flag(self) -> str:
        """Take a flag that a client may set; system flags in their canonical case."""
        backslash = self.accept(b"\\")
        name = self.atom("a flag").decode("ascii")
        if not backslash:
            return name
        flag = SYSTEM_FLAGS.get(f"\\{name.lower()}")
        if flag is None:
            raise ProtocolError(f"The flag \\{name} cannot be set.")
        return flag

    def flag_list(self) -> tuple[str, ...]:
        """Take a parenthesised list of flags; doubles are dropped."""
        return tuple(dict.fromkeys(self.parenthesized(self.flag, "flags")))

    def date(self) -> date:
        """Take a date, quoted or not."""
        found = self.match(_DATE, "a date such as 1-Feb-2024")
        return _date(found[2], found[3], found[4])

    def date_time(self) -> datetime:
        """Take a quoted date and time with its zone."""
        found = self.match(_DATE_TIME, 'a date and time such as "01-Feb-2024 09:30:00 +0100"')
        day = _date(found[1].strip(), found[2], found[3])
        hour, minute, second = int(found[4]), int(found[5]), int(found[6])
        offset = timedelta(hours=int(found[8]), minutes=int(found[9]))
        # A leap second is told to clients that way but has no place in a datetime.
        second = min(second, 59) if second == 60 else second
        try:
            zone = timezone(-offset if found[7] == b"-" else offset)
            moment = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone)
            moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise ProtocolError("There is no such date and time.") from None
        return moment


def _date(day: bytes, month: bytes, year: bytes) -> date:
    number = _MONTH_NUMBERS.get(month.upper())
    if number is None:
        raise ProtocolError(f"There is no month {month.decode('ascii')}.")
    try:
        return date(int(year), number, int(day))
    except ValueError:
        raise ProtocolError("There is no such date.") from None


def _decode_utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise ProtocolError("The string is not valid UTF-8.") from None


def _without_nul(value: bytes) -> bytes:
    if b"\x00" in value:
        raise ProtocolError("A string may not hold NUL.")
    return value
