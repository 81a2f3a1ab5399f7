"""A letter as somebody writes it, and the message that it makes (RFC 5322, RFC 2045). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from typing import NamedTuple


class Person(NamedTuple):
    """A name, "" for none, and a whole address."""

    name: str
    address: str


class Enclosure(NamedTuple):
    """A file that goes along; with a `content_id` it is a picture inside the HTML."""

    filename: str
    media_type: str
    data: bytes
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """What somebody writes. Ids are without angle brackets; `html` is None for plain text."""

    author: Person
    to: Sequence[Person] = ()
    cc: Sequence[Person] = ()
    bcc: Sequence[Person] = ()
    reply_to: Sequence[Person] = ()
    subject: str = ""
    text: str = ""
    html: str | None = None
    enclosures: Sequence[Enclosure] = ()
    in_reply_to: str = ""
    references: Sequence[str] = field(default=())

    @property
    def recipients(self) -> list[str]:
        """Return everybody whom it goes to, each once."""
        people = (*self.to, *self.cc, *self.bcc)
        return list(dict.fromkeys(person.address for person in people))


def make_message(letter: Letter, date: datetime, message_id: str) -> bytes:
    """Return the message of a letter, Bcc included: who sends it takes that out.

    Addresses are those that `core.addresses` takes, media types `kind/subtype` of ASCII.
    """
    people = (letter.author, *letter.to, *letter.cc, *letter.bcc, *letter.reply_to)
    is_ascii = all(person.address.isascii() for person in people)
    policy = SMTP.clone(cte_type="7bit") if is_ascii else SMTPUTF8
    message = EmailMessage(policy=policy)
    fields = {"From": (letter.author,), "To": letter.to, "Cc": letter.cc, "Bcc": letter.bcc}
    for name, named in {**fields, "Reply-To": letter.reply_to}.items():
        if named:
            message[name] = tuple(map(_address, named))
    message["Subject"] = _one_line(letter.subject)
    message["Date"] = format_datetime(date)
    message["Message-ID"] = f"<{message_id}>"
    if letter.in_reply_to:
        message["In-Reply-To"] = f"<{letter.in_reply_to}>"
    if letter.references:
        message["References"] = " ".join(f"<{held}>" for held in letter.references)
    _fill(message, letter)
    return message.as_bytes()


def _fill(message: EmailMessage, letter: Letter) -> None:
    message.set_content(letter.text)
    if letter.html is not None:
        message.add_alternative(letter.html, subtype="html")
        body = message.get_body(("html",))
        assert isinstance(body, EmailMessage)
        for held in letter.enclosures:
            if held.content_id:
                _enclose(body, held)
    for held in letter.enclosures:
        if letter.html is None or not held.content_id:
            _enclose(message, held._replace(content_id=""))


def _enclose(message: EmailMessage, held: Enclosure) -> None:
    main, _, sub = held.media_type.partition("/")
    if main in ("multipart", "message"):  # these are never encoded (RFC 2045 §6.4)
        main, sub = "application", "octet-stream"
    name = _one_line(held.filename) or None
    if not held.content_id:
        message.add_attachment(held.data, main, sub, filename=name)
        return
    content_id = f"<{held.content_id}>"
    message.add_related(held.data, main, sub, filename=name, cid=content_id, disposition="inline")


def _address(person: Person) -> Address:
    local_part, _, domain = person.address.rpartition("@")
    return Address(_one_line(person.name), local_part, domain)


def _one_line(text: str) -> str:
    """Return a text without line ends and other control characters, which no header may hold."""
    return "".join(char if char.isprintable() else " " for char in text).strip()
