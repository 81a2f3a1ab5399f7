"""Texts of what this server writes to people by itself.

A notice is a small message from the postmaster of the reader's domain, to be answered by nobody
but him (RFC 3834 §5: Auto-Submitted).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from groupware.core.sizes import octets
from mail.models.mailbox import SpecialUse
from mail.space import CollectionShare, LargeMessage

MOST_NAMED = 5
"""Collections, and messages, that a warning names."""
_WIDEST = 60
_POLICY = SMTP.clone(max_line_length=78)


@dataclass(frozen=True, slots=True)
class Fullness:
    """An account that is nearly full, and what fills it: the largest first."""

    login: str
    used: int
    quota: int
    collections: Sequence[CollectionShare]
    largest: Sequence[LargeMessage]
    restorable_days: int


def quota_warning(full: Fullness, recipient: str, *, message_id: str, moment: datetime) -> bytes:
    """Return the message that tells somebody how full an account is.

    `recipient` is the account's own address, or that of one who looks after it.
    """
    is_own = recipient == full.login
    percent = 100 * full.used // full.quota
    whose = "Your account" if is_own else f"The account {full.login}"
    text = "\n".join(_lines(full, whose, is_own=is_own))
    subject = f"{whose} is {percent} % full"
    return write_notice(subject, text, recipient, message_id=message_id, moment=moment)


def write_notice(
    subject: str, text: str, recipient: str, *, message_id: str, moment: datetime
) -> bytes:
    """Return a message of the postmaster of the recipient's domain."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address("Postmaster", "postmaster", recipient.rpartition("@")[2])
    message["To"] = recipient
    message["Subject"] = subject
    message["Date"] = format_datetime(moment)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message.as_bytes()


def _lines(full: Fullness, whose: str, *, is_own: bool) -> list[str]:
    free = max(0, full.quota - full.used)
    lines = [
        f"{whose} uses {octets(full.used)} of the {octets(full.quota)} that it may use;",
        f"{octets(free)} are left. When nothing is left, new mail is sent back to its",
        "senders after some days, and nothing can be filed, until there is room again.",
        "",
        "What fills it:",
        "",
        *[
            f"  {octets(held.octets):>8}  {held.name} ({held.kind}, {held.items})"
            for held in full.collections[:MOST_NAMED]
        ],
    ]
    if full.largest:
        lines += ["", "The largest messages:", ""]
        lines += [
            f"  {octets(held.size):>8}  {_short(held.subject) or '(no subject)'}, in {held.mailbox}"
            for held in full.largest[:MOST_NAMED]
        ]
    return [*lines, "", "What to do:", "", *_advice(full, is_own=is_own)]


def _advice(full: Fullness, *, is_own: bool) -> list[str]:
    waste = [held for held in full.collections if held.use in {SpecialUse.TRASH, SpecialUse.JUNK}]
    lines = [f"- Empty {held.name}: that alone makes {octets(held.octets)} free." for held in waste]
    lines.append("- Delete what is not needed, large messages first; then empty the Trash.")
    if full.restorable_days:
        days = full.restorable_days
        lines.append(
            f"  What is gone by mistake can be restored for {days} days, and does not count."
        )
    asked = "Ask" if is_own else "Or ask"
    lines.append(f"- {asked} the administrator for more room, or answer this message.")
    return lines


def _short(text: str) -> str:
    plain = "".join(char if char.isprintable() else " " for char in text)
    return plain if len(plain) <= _WIDEST else plain[: _WIDEST - 1] + "…"
