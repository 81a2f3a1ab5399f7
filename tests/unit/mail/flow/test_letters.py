"""Messages that letters make, as the standard library and `mail.mime` read them."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.flow.letters import Enclosure, Letter, Person, make_message
from mail.mime.index import index_message
from mail.mime.submitted import read_header, read_mailboxes
from mail.reading.structure import list_leaves

ANN = Person("Jörg, A", "ann@example.test")
MOMENT = datetime(2026, 3, 1, 9, tzinfo=UTC)


def made(**fields: Any) -> bytes:
    return make_message(Letter(ANN, **fields), MOMENT, "1@example.test")


def read(data: bytes) -> EmailMessage:
    message = message_from_bytes(data, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def test_a_letter_says_who_wrote_to_whom() -> None:
    ben, eve = Person("", "ben@example.test"), Person('E "v" e', "eve@x.test")
    message = read(
        made(to=[ben, eve], cc=[ben], bcc=[eve], reply_to=[ben], subject="Büro", text="hi")
    )
    assert message["From"].addresses[0].display_name == "Jörg, A"
    assert [a.addr_spec for a in message["To"].addresses] == [ben.address, eve.address]
    assert message["To"].addresses[1].display_name == 'E "v" e'
    assert (message["Cc"], message["Bcc"].addresses[0].addr_spec) == (ben.address, eve.address)
    assert message["Reply-To"] == ben.address
    assert message["Subject"] == "Büro"
    assert message["Date"].datetime == MOMENT
    assert message["Message-ID"] == "<1@example.test>"
    assert message.get_content() == "hi\r\n" or message.get_content() == "hi\n"


def test_recipients_are_named_once() -> None:
    ben = Person("", "ben@x.test")
    assert Letter(ANN, to=[ben], cc=[ben, ANN], bcc=[ben]).recipients == [ben.address, ANN.address]


def test_an_answer_says_what_it_answers() -> None:
    message = read(made(in_reply_to="0@x.test", references=["00@x.test", "0@x.test"]))
    assert message["In-Reply-To"] == "<0@x.test>"
    assert message["References"] == "<00@x.test> <0@x.test>"


def test_html_pictures_and_files_have_their_places() -> None:
    files = [
        Enclosure("ü.png", "image/png", b"\x89PNG", "logo"),
        Enclosure("a.pdf", "application/pdf", b"%PDF"),
        Enclosure("inner.eml", "message/rfc822", b"From: a\r\n\r\nx"),
    ]
    data = made(text="hi", html="<img src=cid:logo>", enclosures=files)
    leaves = list_leaves(index_message(data).bodystructure)
    told = [(x.section, x.media_type, x.filename, x.content_id) for x in leaves]
    assert told == [
        ("1.1", "text/plain", "", ""),
        ("1.2.1", "text/html", "", ""),
        ("1.2.2", "image/png", "ü.png", "logo"),
        ("2", "application/pdf", "a.pdf", ""),
        ("3", "application/octet-stream", "inner.eml", ""),
    ]
    assert next(part.get_content() for part in read(data).iter_attachments()) == b"%PDF"
    plain = list_leaves(index_message(made(text="hi", enclosures=files[:1])).bodystructure)
    assert [(x.media_type, x.is_attachment) for x in plain] == [
        ("text/plain", False),
        ("image/png", True),
    ]


def test_what_is_sent_is_of_seven_bits_unless_an_address_is_not() -> None:
    letter = {
        "text": "ü",
        "html": "ü",
        "subject": "ü",
        "enclosures": [Enclosure("ü", "a/b", b"\xff")],
    }
    assert made(**letter).isascii()
    assert not made(to=[Person("", "jörg@x.test")]).isascii()


@pytest.mark.parametrize("text", ["x\r\nBcc: eve@x.test", "x\nBcc: y", "x\0y", "x\x0b\x85y"])
def test_no_text_becomes_a_field(text: str) -> None:
    data = made(
        subject=text, to=[Person(text, "ben@x.test")], enclosures=[Enclosure(text, "a/b", b"")]
    )
    header = read_header(data)
    assert not header.all(b"bcc")
    assert read_mailboxes(header.all(b"to")[0].value, 10).addresses == ("ben@x.test",)


@given(
    st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace").decode()),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace").decode()),
)
def test_whatever_is_written_can_be_read(word: str, text: str) -> None:
    data = made(subject=word, text=text, to=[Person(word, "ben@x.test")])
    header = read_header(data)
    assert len(header.all(b"to")) == len(header.all(b"subject")) == 1
    assert header.all(b"bcc") == []
