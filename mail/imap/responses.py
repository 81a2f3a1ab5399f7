"""What the server says (RFC 3501 §7), as octets: whole lines with CRLF unless said otherwise.

Large data is not built here: `literal_head` announces it, the session streams it behind.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import Final

from mail.flags import EVERY_FLAG, serialize_flags
from mail.imap.requests import StatusItem
from mail.imap.sequences import Seq, SequenceSet, Uid, serialize_numbers
from mail.imap.wire import MONTHS
from mail.mime.strings import quote, quote_or_nil
from mail.objectids import mailbox_id
from mail.utf7 import encode_utf7

_ATOM = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\\]]+')
_EPOCH: Final = date(1970, 1, 1)
_PLAIN = [serialize_flags(mask, "") for mask in range(EVERY_FLAG + 1)]
_NOT_TEXT = re.compile(r"[^\x20-\x7e]+")


class Code(Enum):
    """Response codes without arguments (RFC 3501 §7.1, RFC 5530, RFC 7889, RFC 7162)."""

    ALERT = b"ALERT"
    ALREADYEXISTS = b"ALREADYEXISTS"
    AUTHENTICATIONFAILED = b"AUTHENTICATIONFAILED"
    AUTHORIZATIONFAILED = b"AUTHORIZATIONFAILED"
    CANNOT = b"CANNOT"
    CLIENTBUG = b"CLIENTBUG"
    CLOSED = b"CLOSED"
    COMPRESSIONACTIVE = b"COMPRESSIONACTIVE"
    CONTACTADMIN = b"CONTACTADMIN"
    CORRUPTION = b"CORRUPTION"
    EXPIRED = b"EXPIRED"
    EXPUNGEISSUED = b"EXPUNGEISSUED"
    HASCHILDREN = b"HASCHILDREN"
    INUSE = b"INUSE"
    LIMIT = b"LIMIT"
    NOMODSEQ = b"NOMODSEQ"
    NONEXISTENT = b"NONEXISTENT"
    NOPERM = b"NOPERM"
    NOTSAVED = b"NOTSAVED"
    OVERQUOTA = b"OVERQUOTA"
    PARSE = b"PARSE"
    PRIVACYREQUIRED = b"PRIVACYREQUIRED"
    READ_ONLY = b"READ-ONLY"
    READ_WRITE = b"READ-WRITE"
    SERVERBUG = b"SERVERBUG"
    TOOBIG = b"TOOBIG"
    TRYCREATE = b"TRYCREATE"
    UNAVAILABLE = b"UNAVAILABLE"
    UNKNOWN_CTE = b"UNKNOWN-CTE"
    USEATTR = b"USEATTR"


class Condition(Enum):
    """The conditions of a status response."""

    OK = b"OK"
    NO = b"NO"
    BAD = b"BAD"
    BYE = b"BYE"
    PREAUTH = b"PREAUTH"


# Response codes with arguments; without their brackets.


def code_uid_next(uid: Uid) -> bytes:
    """Return UIDNEXT."""
    return b"UIDNEXT %d" % uid


def code_uid_validity(uid_validity: int) -> bytes:
    """Return UIDVALIDITY."""
    return b"UIDVALIDITY %d" % uid_validity


def code_unseen(seq: Seq) -> bytes:
    """Return UNSEEN: the first message without the flag."""
    return b"UNSEEN %d" % seq


def code_highest_modseq(modseq: int) -> bytes:
    """Return HIGHESTMODSEQ (RFC 7162 §3.1.2.1)."""
    return b"HIGHESTMODSEQ %d" % modseq


def code_mailbox_id(object_id: str) -> bytes:
    """Return MAILBOXID (RFC 8474 §4)."""
    return b"MAILBOXID (" + mailbox_id(object_id) + b")"


def code_permanent_flags(flags: Iterable[str]) -> bytes:
    r"""Return PERMANENTFLAGS; `\*` among them says that keywords can be made."""
    return b"PERMANENTFLAGS " + flag_list(flags)


def code_append_uid(uid_validity: int, uids: Iterable[Uid]) -> bytes:
    """Return APPENDUID (RFC 4315 §3)."""
    return b"APPENDUID %d " % uid_validity + serialize_numbers(uids)


def code_copy_uid(uid_validity: int, sources: Iterable[Uid], targets: Iterable[Uid]) -> bytes:
    """Return COPYUID: both lists in the order in which they pair (RFC 4315 §3)."""
    return b" ".join(
        (b"COPYUID %d" % uid_validity, serialize_numbers(sources), serialize_numbers(targets))
    )


def code_modified(numbers: Iterable[int]) -> bytes:
    """Return MODIFIED: what STORE UNCHANGEDSINCE left alone (RFC 7162 §3.1.3)."""
    return b"MODIFIED " + serialize_numbers(numbers)


def code_bad_charset(charsets: Iterable[str]) -> bytes:
    """Return BADCHARSET with those that are known."""
    return b"BADCHARSET (" + b" ".join(astring(name.encode("ascii")) for name in charsets) + b")"


def code_capability(capabilities: Iterable[str]) -> bytes:
    """Return CAPABILITY."""
    return b"CAPABILITY " + " ".join(capabilities).encode("ascii")


# Status responses.


def status_line(
    tag: bytes | None, condition: Condition, text: str, code: Code | bytes | None = None
) -> bytes:
    """Return a status response, untagged without a tag; the text is made printable ASCII."""
    words = [tag or b"*", condition.value]
    if code is not None:
        words.append(b"[" + (code.value if isinstance(code, Code) else code) + b"]")
    words.append(_NOT_TEXT.sub("?", text).encode("ascii") or b"Done.")
    return b" ".join(words) + b"\r\n"


def continuation(text: bytes = b"OK") -> bytes:
    """Return a continuation request: a text, or a challenge in base64."""
    return b"+ " + text + b"\r\n"


# Strings; `quote` and `quote_or_nil` of mail.mime.strings are the others.


def astring(value: bytes) -> bytes:
    """Return the value bare where it is an atom (and does not look like NIL), else a string."""
    if _ATOM.fullmatch(value) and value.upper() != b"NIL":
        return value
    return quote(value)


def literal_head(size: int) -> bytes:
    """Return the announcement of a literal that is streamed behind it."""
    return b"{%d}\r\n" % size


Spell = Callable[[str], bytes]
"""How a mailbox name is written for a client: `mailbox` or `mailbox_utf8`."""


def literal8_head(size: int) -> bytes:
    """Return the announcement of a literal that may hold NUL (RFC 3516 §7)."""
    return b"~{%d}\r\n" % size


def mailbox(name: str) -> bytes:
    """Return the name of a mailbox, in modified UTF-7."""
    return astring(encode_utf7(name))


def mailbox_utf8(name: str) -> bytes:
    """Return the name of a mailbox for a client that has enabled UTF-8 (RFC 6855 §3)."""
    return astring(name.encode()) if name.isascii() else quote_utf8(name)


def quote_utf8(text: str) -> bytes:
    """Return a quoted string with UTF-8 in it (RFC 6855 §3); the text has no line end nor NUL."""
    return b'"' + re.sub(rb'["\\]', rb"\\\g<0>", text.encode()) + b'"'


def flag_list(flags: Iterable[str]) -> bytes:
    """Return flags in their parentheses."""
    return b"(" + " ".join(flags).encode("ascii") + b")"


def date_time(moment: datetime) -> bytes:
    """Return a date and time in the zone that it has, quoted."""
    offset = moment.utcoffset()
    minutes = 0 if offset is None else int(offset.total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    hours, minutes = divmod(abs(minutes), 60)
    month = MONTHS[moment.month - 1]
    return (
        f'"{moment.day:2d}-{month}-{moment.year:04d}'
        f' {moment:%H:%M:%S} {sign}{hours:02d}{minutes:02d}"'
    ).encode("ascii")


def internal_date(seconds: int, zone: int) -> bytes:
    """Return a date and time from epoch seconds and minutes east of UTC. Hot path."""
    days, rest = divmod(seconds + zone * 60, 86_400)
    minutes, second = divmod(rest, 60)
    hour, minute = divmod(minutes, 60)
    return b'"%b %02d:%02d:%02d %b"' % (_day(days), hour, minute, second, _zone(zone))


@lru_cache(maxsize=4096)
def _day(days: int) -> bytes:
    day = _EPOCH + timedelta(days=days)
    return f"{day.day:2d}-{MONTHS[day.month - 1]}-{day.year:04d}".encode("ascii")


@lru_cache(maxsize=256)
def _zone(minutes: int) -> bytes:
    hours, rest = divmod(abs(minutes), 60)
    return b"%b%02d%02d" % (b"-" if minutes < 0 else b"+", hours, rest)


# Untagged data.


def capability(capabilities: Iterable[str]) -> bytes:
    """Return `* CAPABILITY`."""
    return b"* " + code_capability(capabilities) + b"\r\n"


def enabled(capabilities: Iterable[str]) -> bytes:
    """Return `* ENABLED` (RFC 5161 §3.2)."""
    return " ".join(("* ENABLED", *capabilities)).encode("ascii") + b"\r\n"


def flags(names: Iterable[str]) -> bytes:
    """Return `* FLAGS`: all that are in use in the mailbox."""
    return b"* FLAGS " + flag_list(names) + b"\r\n"


def exists(count: int) -> bytes:
    """Return `* n EXISTS`."""
    return b"* %d EXISTS\r\n" % count


def recent(count: int) -> bytes:
    """Return `* n RECENT`."""
    return b"* %d RECENT\r\n" % count


def expunges(seqs: Iterable[int]) -> bytes:
    """Return `* n EXPUNGE` of each number. Hot path."""
    return b"".join(map(b"* %d EXPUNGE\r\n".__mod__, seqs))


def vanished(ranges: Iterable[tuple[int, int]], *, earlier: bool = False) -> bytes:
    """Return `* VANISHED`, with EARLIER for what was gone before (RFC 7162 §3.2.10)."""
    tag = b"(EARLIER) " if earlier else b""
    return b"* VANISHED " + tag + SequenceSet(tuple(ranges)).serialize() + b"\r\n"


def listing(
    command: str,
    attributes: Iterable[str],
    name: str,
    *,
    extended: bytes = b"",
    spell: Spell = mailbox,
) -> bytes:
    """Return `* LIST` or `* LSUB`; `extended` is one of the data items of RFC 5258 §6."""
    head = f'* {command} ({" ".join(attributes)}) "/" '.encode("ascii")
    tail = b" (" + extended + b")" if extended else b""
    return head + spell(name) + tail + b"\r\n"


CHILD_INFO: Final = b'"CHILDINFO" ("SUBSCRIBED")'
"""Below the name there is something subscribed (RFC 5258 §3.5)."""


def old_name(name: str, spell: Spell) -> bytes:
    """Return OLDNAME: by what other name a client knows the mailbox (RFC 9051 §6.3.9.7)."""
    return b'"OLDNAME" (' + spell(name) + b")"


def status(name: str, items: Mapping[StatusItem, bytes], *, spell: Spell = mailbox) -> bytes:
    """Return `* STATUS`."""
    words = b" ".join(item.value + b" " + value for item, value in items.items())
    return b"* STATUS " + spell(name) + b" (" + words + b")\r\n"


def my_rights(name: str, letters: str, *, spell: Spell = mailbox) -> bytes:
    """Return `* MYRIGHTS` (RFC 4314 §3.8)."""
    return b"* MYRIGHTS " + spell(name) + b" " + astring(letters.encode("ascii")) + b"\r\n"


def quota(root: str, storage: tuple[int, int] | None) -> bytes:
    """Return `* QUOTA` with (use, limit) of STORAGE, or with no limit at all (RFC 9208 §4.2.1)."""
    limits = b"STORAGE %d %d" % storage if storage else b""
    return b"* QUOTA " + astring(root.encode()) + b" (" + limits + b")\r\n"


def quota_root(name: str, root: str, *, spell: Spell = mailbox) -> bytes:
    """Return `* QUOTAROOT` of a mailbox that is under one root (RFC 9208 §4.2.2)."""
    return b"* QUOTAROOT " + spell(name) + b" " + astring(root.encode()) + b"\r\n"


def acl(name: str, entries: Mapping[str, str], *, spell: Spell = mailbox) -> bytes:
    """Return `* ACL` with the letters of each identifier (RFC 4314 §3.6)."""
    pairs = (astring(word.encode()) for entry in entries.items() for word in entry)
    return b" ".join((b"* ACL", spell(name), *pairs)) + b"\r\n"


def list_rights(
    name: str, identifier: bytes, rights: Iterable[str], *, spell: Spell = mailbox
) -> bytes:
    """Return `* LISTRIGHTS`: what is always held, then what can be given (RFC 4314 §3.7)."""
    words = (astring(word.encode("ascii")) for word in rights)
    return b" ".join((b"* LISTRIGHTS", spell(name), astring(identifier), *words)) + b"\r\n"


def namespace(
    personal: Sequence[str] | None, other: Sequence[str] | None, shared: Sequence[str] | None
) -> bytes:
    """Return `* NAMESPACE` for ASCII prefixes, all with the delimiter `/` (RFC 2342 §5)."""
    groups = (personal, other, shared)
    return b"* NAMESPACE " + b" ".join(map(_namespace_group, groups)) + b"\r\n"


def identification(fields: Mapping[str, str | None]) -> bytes:
    """Return `* ID` (RFC 2971 §3.2)."""
    words = [
        quote(name.encode()) + b" " + quote_or_nil(None if value is None else value.encode())
        for name, value in fields.items()
    ]
    return b"* ID " + (b"(" + b" ".join(words) + b")" if words else b"NIL") + b"\r\n"


def fetch(seq: Seq, items: Iterable[bytes]) -> bytes:
    """Return `* n FETCH (…)` of items that are whole, each `NAME value`. Hot path."""
    return b"* %d FETCH (" % seq + b" ".join(items) + b")\r\n"


def fetch_flags(
    numbered: Iterable[tuple[Seq, tuple[int, int, str, int]]], *, with_modseq: bool
) -> bytes:
    """Return `* n FETCH` for numbered rows of (uid, flags, keywords, modseq). Hot path."""
    if with_modseq:
        return b"".join(
            [
                b"* %d FETCH (UID %d FLAGS (%b) MODSEQ (%d))\r\n"
                % (seq, uid, serialize_flags(mask, words), modseq)
                for seq, (uid, mask, words, modseq) in numbered
            ]
        )
    return b"".join(
        [
            b"* %d FETCH (UID %d FLAGS (%b))\r\n"
            % (seq, uid, serialize_flags(mask, words) if words else _PLAIN[mask])
            for seq, (uid, mask, words, _) in numbered
        ]
    )


def _namespace_group(prefixes: Sequence[str] | None) -> bytes:
    if not prefixes:
        return b"NIL"
    return b"(" + b"".join(b'(%s "/")' % quote(encode_utf7(p)) for p in prefixes) + b")"
