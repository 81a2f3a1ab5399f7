"""The parameters of MAIL and RCPT, and which of them a role takes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from mail.flow.envelopes import NEVER, NOTIFY_WORDS
from mail.smtp.wire import (
    Path,
    ProtocolError,
    check_original_recipient,
    check_xtext,
    parse_parameters,
)

LMTP_MAIL = frozenset({"SIZE", "BODY", "SMTPUTF8"})
"""RFC 1870, RFC 6152, RFC 6531."""
SMTP_MAIL = LMTP_MAIL | {"RET", "ENVID"}
"""RFC 3461 §4.3, §4.4 as well."""
SUBMISSION_MAIL = SMTP_MAIL | {"AUTH"}
"""RFC 4954 §5 as well."""
LMTP_RCPT: frozenset[str] = frozenset()
SMTP_RCPT = frozenset({"NOTIFY", "ORCPT"})
"""RFC 3461 §4.1, §4.2."""

MAX_DECIMAL = 20
MAX_ENVID = 100
"""Octets of an envelope id as it is kept; RFC 3461 §4.4 allows so many before xtext."""
MAX_ORCPT = 500
"""RFC 3461 §4.2."""
BODIES = ("7BIT", "8BITMIME")
RETS = ("FULL", "HDRS")


class UnknownParameter(ProtocolError):
    """A parameter that no offered extension defines (RFC 5321 §4.1.1.11)."""

    code: ClassVar = 555


class NonAsciiAddress(ProtocolError):
    """An address that needs SMTPUTF8, which was not asked for (RFC 6531 §3.5)."""

    code: ClassVar = 553
    status: ClassVar = "5.6.7"
    intro: ClassVar = ""


@dataclass(frozen=True, slots=True)
class MailFrom:
    """MAIL FROM; `size` is what SIZE= declared, else 0; `ret` and `envid` are "" where not given."""

    path: Path
    size: int = 0
    is_8bit: bool = False
    is_utf8: bool = False
    ret: str = ""
    envid: str = ""


@dataclass(frozen=True, slots=True)
class RcptTo:
    """RCPT TO, with what RFC 3461 adds as `mail.flow.envelopes.EnvelopeRecipient` has it."""

    path: Path
    notify: str = ""
    orcpt: str = ""


def read_mail(path: Path, text: bytes, allowed: frozenset[str]) -> MailFrom:
    """Return MAIL with its parameters; raises `ProtocolError`."""
    if not text:
        found = MailFrom(path)
    else:
        given = _parameters(text, allowed)
        if "AUTH" in given and given["AUTH"] != "<>":
            check_xtext(given["AUTH"])
        found = MailFrom(
            path,
            size=_read_size(given.get("SIZE", "0")),
            is_8bit=_choose("BODY", given.get("BODY", BODIES[0]), BODIES) != BODIES[0],
            is_utf8=_read_flag("SMTPUTF8", given),
            ret=_choose("RET", given["RET"], RETS) if "RET" in given else "",
            envid=_read_envid(given["ENVID"]) if "ENVID" in given else "",
        )
    if not (found.is_utf8 or path.is_ascii):
        raise NonAsciiAddress("The sender's address is not ASCII, and SMTPUTF8 was not asked for")
    return found


def read_rcpt(path: Path, text: bytes, allowed: frozenset[str]) -> RcptTo:
    """Return RCPT with its parameters; raises `ProtocolError`."""
    if not text:
        return RcptTo(path)
    given = _parameters(text, allowed)
    orcpt = given.get("ORCPT", "")
    if len(orcpt.encode()) > MAX_ORCPT:
        raise ProtocolError(f"ORCPT has at most {MAX_ORCPT} octets")
    return RcptTo(
        path,
        notify=_read_notify(given["NOTIFY"]) if "NOTIFY" in given else "",
        orcpt=check_original_recipient(orcpt) if "ORCPT" in given else "",
    )


def _parameters(text: bytes, allowed: frozenset[str]) -> Mapping[str, str]:
    given = parse_parameters(text)
    unknown = given.keys() - allowed
    if unknown:
        raise UnknownParameter(f"the parameter {min(unknown)} is not known")
    return given


def _read_size(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DECIMAL):
        raise ProtocolError("SIZE is a number of octets")
    return int(text)


def _choose(keyword: str, text: str, words: tuple[str, ...]) -> str:
    if text.upper() not in words:
        raise ProtocolError(f"{keyword} is {' or '.join(words)}")
    return text.upper()


def _read_flag(keyword: str, given: Mapping[str, str]) -> bool:
    if given.get(keyword):
        raise ProtocolError(f"{keyword} takes no value")
    return keyword in given


def _read_envid(text: str) -> str:
    if len(text) > MAX_ENVID:
        raise ProtocolError(f"ENVID has at most {MAX_ENVID} octets")
    return check_xtext(text)


def _read_notify(text: str) -> str:
    """Read NEVER alone, or some of the other words, each once (RFC 3461 §4.1)."""
    words = text.upper().split(",")
    if len(set(words)) < len(words) or not set(words) <= set(NOTIFY_WORDS):
        raise ProtocolError("NOTIFY is NEVER, or some of SUCCESS, FAILURE and DELAY")
    if NEVER in words and len(words) > 1:
        raise ProtocolError("NOTIFY=NEVER stands alone")
    return ",".join(words)
