"""Composing a written message into octets, as the sender's mail program would. Pure."""

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from hashlib import blake2b
from typing import Any

from groupware.demo.documents import Appointment, make_invitation, make_pdf
from groupware.demo.letters import Attachment, BadText, Letter
from groupware.demo.people import Correspondent, People
from groupware.demo.pictures import draw_chart, draw_logo
from groupware.demo.workdays import WorkingDays

LINE = 72
MOST_REFERENCES = 10

ATTRIBUTIONS: Mapping[str, str] = {
    "en": "On {date:%d %b %Y, %H:%M}, {name} wrote:",
    "de": "Am {date:%d.%m.%Y um %H:%M} schrieb {name}:",
    "fr": "Le {date:%d/%m/%Y à %H:%M}, {name} a écrit :",
    "es": "El {date:%d/%m/%Y a las %H:%M}, {name} escribió:",
    "it": "Il {date:%d/%m/%Y alle %H:%M}, {name} ha scritto:",
    "pt": "Em {date:%d/%m/%Y às %H:%M}, {name} escreveu:",
    "pl": "W dniu {date:%d.%m.%Y o %H:%M} {name} pisze:",
    "el": "Στις {date:%d/%m/%Y, %H:%M}, ο/η {name} έγραψε:",  # noqa: RUF001 (Greek)
    "ru": "{date:%d.%m.%Y %H:%M}, {name} пишет:",
    "ja": "{date:%Y/%m/%d %H:%M}、{name} のメール:",
    "zh": "{date:%Y-%m-%d %H:%M},{name} 写道:",
    "ar": "في {date:%d/%m/%Y %H:%M} كتب {name}:",
    "he": "בתאריך {date:%d/%m/%Y %H:%M}, {name} כתב:",
}


@dataclass(frozen=True, slots=True)
class Composed:
    """A message as it went out, and when."""

    letter: Letter
    date: datetime
    message_id: str
    text: str
    data: bytes


class Composer:
    """Composes letters in the order in which they were written, for each may quote earlier ones."""

    def __init__(self, people: People, days: WorkingDays) -> None:
        self._people = people
        self._days = days
        self._written: dict[str, Composed] = {}

    def compose(self, letter: Letter) -> Composed:
        """Return the octets of a letter, its lines ending in CRLF."""
        sender = self._people[letter.sender]
        date = self._date(letter)
        message_id = f"<{letter.id}.{date:%Y%m%d}@{sender.address.rpartition('@')[2]}>"
        form = policy.SMTPUTF8 if letter.raw_headers else policy.SMTP
        message = EmailMessage(policy=form)
        message["Date"] = date
        message["From"] = _address(sender)
        for field, keys in (("To", letter.to), ("Cc", letter.cc)):
            if keys:
                message[field] = [_address(self._people[key]) for key in keys]
        message["Subject"] = letter.subject
        message["Message-ID"] = message_id
        _add_fields(message, letter, sender)
        text = self._text(letter, sender)
        _set_text(message, letter, text)
        message["Content-Language"] = letter.lang
        self._add_html(message, letter)
        for attachment in letter.attachments:
            if not attachment.cid:
                self._attach(message, letter, attachment)
        data = self._references(letter) + message.as_bytes()
        composed = Composed(letter, date, message_id, text, data)
        self._written[letter.id] = composed
        return composed

    def _date(self, letter: Letter) -> datetime:
        """Return the moment by the sender's clock, with seconds that are its own."""
        moment = self._days.moment(letter.when)
        seconds = blake2b(letter.id.encode(), digest_size=2).digest()[0] % 60
        if letter.when.days_ago:
            moment = moment.replace(second=seconds)
        return moment.astimezone(self._people[letter.sender].timezone)

    def _references(self, letter: Letter) -> bytes:
        """Return the fields that name the letters before (RFC 5322 §3.6.4).

        Written here, because the library breaks a long msg-id into encoded words.
        """
        found = [self._written[held.id].message_id for held in letter.ancestors()][::-1]
        if not found:
            return b""
        named = "\r\n ".join(dict.fromkeys([found[0], *found[-MOST_REFERENCES:]]))
        return f"In-Reply-To: {found[-1]}\r\nReferences: {named}\r\n".encode("ascii")

    def _text(self, letter: Letter, sender: Correspondent) -> str:
        """Return what was written, what it answers, and to others than the team a signature."""
        text = self._fill(letter.text)
        quotes_itself = "\n>" in f"\n{letter.text}"
        if letter.parent is not None and letter.quote and not quotes_itself:
            quoted = self._written[letter.parent.id]
            date = quoted.date.astimezone(sender.timezone)
            name = self._people[letter.parent.sender].name
            line = ATTRIBUTIONS[letter.lang].format(date=date, name=name)
            text += f"\n{line}\n{_quote(quoted.text)}"
        if sender.signature and not all(map(self._people.is_inside, (*letter.to, *letter.cc))):
            text += f"\n-- \n{sender.signature.strip()}\n"
        return text

    def _fill(self, text: str) -> str:
        return text.replace("{domain}", self._people.domain)

    def _add_html(self, message: EmailMessage, letter: Letter) -> None:
        """Add the HTML beside the text, and into it the pictures that it shows (RFC 2387)."""
        if not letter.html:
            return
        pictures = {item.cid: item for item in letter.attachments if item.cid}
        html = self._fill(letter.html.strip("\n") + "\n")
        for cid in pictures:
            html = html.replace(f"cid:{cid}", f"cid:{cid}.{letter.id}@pictures.example")
        message.add_alternative(html, subtype="html", cte="quoted-printable")
        parts = message.get_payload()
        assert isinstance(parts, list)
        assert isinstance(parts[-1], EmailMessage)
        for cid, item in pictures.items():
            parts[-1].add_related(
                _picture(item),
                "image",
                "png",
                cid=f"<{cid}.{letter.id}@pictures.example>",
                filename=item.name,
                disposition="inline",
            )

    def _attach(self, message: EmailMessage, letter: Letter, item: Attachment) -> None:
        text = self._fill(item.text.strip("\n") + "\n")
        if item.kind == "pdf":
            message.add_attachment(make_pdf(text), "application", "pdf", filename=item.name)
        elif item.kind in {"chart", "logo"}:
            message.add_attachment(_picture(item), "image", "png", filename=item.name)
        elif item.kind == "event":
            message.add_attachment(
                self._invitation(letter, item),
                subtype="calendar",
                params={"method": "REQUEST"},
                filename=item.name,
            )
        elif item.kind == "letter":
            held = BytesParser(policy=policy.SMTP).parsebytes(self._written[item.letter].data)
            message.add_attachment(held, filename=item.name)
        else:
            subtype = "csv" if item.kind == "csv" else "plain"
            message.add_attachment(text, subtype=subtype, filename=item.name)

    def _invitation(self, letter: Letter, item: Attachment) -> str:
        start, end = (
            self._days.ahead(item.day, time.fromisoformat(text)) for text in (item.start, item.end)
        )
        appointment = Appointment(
            uid=f"{letter.id}@{self._people.domain}",
            summary=item.summary,
            location=item.location,
            start=start,
            end=end,
            stamp=self._date(letter),
            organizer=self._people[letter.sender].address,
            attendees=tuple(self._people[key].address for key in (*letter.to, *letter.cc)),
        )
        return make_invitation(appointment)


def _address(one: Correspondent) -> Address:
    return Address(one.name, addr_spec=one.address)


def _add_fields(message: EmailMessage, letter: Letter, sender: Correspondent) -> None:
    for name, value in letter.headers.items():
        message[name] = value
    if sender.program:
        message["User-Agent"] = sender.program


def _set_text(message: EmailMessage, letter: Letter, text: str) -> None:
    options: dict[str, Any] = {"charset": letter.charset, "cte": letter.encoding or None}
    if letter.flowed:
        text = _flow(text)
        options["params"] = {"format": "flowed"}
    try:
        message.set_content(text, **options)
    except UnicodeEncodeError as error:
        missing = text[error.start : error.end]
        raise BadText(f"{letter.id}: {letter.charset} has no {missing!r}") from error


def _picture(item: Attachment) -> bytes:
    return draw_logo() if item.kind == "logo" else draw_chart(item.values)


def _quote(text: str) -> str:
    """Return the text as a quotation, without the signature of whoever wrote it."""
    lines = text.partition("\n-- \n")[0].rstrip("\n").splitlines()
    return "".join(f"{_quoted(line)}\n" for line in lines)


def _quoted(line: str) -> str:
    return f">{line}" if line.startswith(">") else f"> {line}".rstrip()


def _flow(text: str) -> str:
    """Return the text with the line breaks of RFC 3676: those inside a paragraph end in a space."""
    return "".join(f"{line}\n" for line in _flowed_lines(text))


def _flowed_lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if line == "-- " or line.startswith(">"):
            yield line if line == "-- " else line.rstrip()
        else:
            pieces = textwrap.wrap(line, LINE, break_long_words=False, break_on_hyphens=False)
            for number, piece in enumerate(pieces or [""], 1):
                stuffed = f" {piece}" if piece.startswith((" ", "From ")) else piece
                yield stuffed + (" " if number < len(pieces) else "")
