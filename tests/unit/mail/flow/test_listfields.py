"""Header fields of lists, and what a list reads in a header."""

from email import message_from_bytes
from email.header import decode_header, make_header

import pytest

from mail.flow.listfields import ListFace, read_header, write_list_fields

TEAM = ListFace("team@example.test", "Everybody", is_announcement=False)


def test_fields_say_what_the_rfcs_ask_for() -> None:
    message = message_from_bytes(write_list_fields(TEAM) + b"\r\n")
    assert message["List-Id"] == '"Everybody" <team.example.test>'
    assert message["List-Post"] == "<mailto:team@example.test>"
    assert message["List-Owner"] == "<mailto:team+owner@example.test>"
    assert message["List-Help"] == "<mailto:team+owner@example.test?subject=help>"
    assert message["List-Unsubscribe"] == "<mailto:team+owner@example.test?subject=unsubscribe>"
    assert message["Precedence"] == "list"


def test_announcements_are_not_to_be_posted_to() -> None:
    face = ListFace("news@example.test", "", is_announcement=True)
    message = message_from_bytes(write_list_fields(face) + b"\r\n")
    assert message["List-Post"] == "NO"
    assert message["List-Id"] == "<news.example.test>"


@pytest.mark.parametrize("text", ['Ann\'s "best" \\ friends', "Bücherfreunde " * 12, "日本"])
def test_description_is_a_phrase_whatever_it_holds(text: str) -> None:
    fields = write_list_fields(ListFace("team@example.test", text, is_announcement=False))
    assert fields.isascii()
    assert max(map(len, fields.splitlines())) < 998
    value = message_from_bytes(fields + b"\r\n")["List-Id"]
    assert value.endswith("<team.example.test>")
    phrase = str(make_header(decode_header(value.rpartition("<")[0].strip())))
    assert phrase.strip('"').replace('\\"', '"').replace("\\\\", "\\").strip() == text.strip()


@pytest.mark.parametrize(
    ("address", "list_id"),
    [
        ("o'brien@example.test", "o'brien.example.test"),
        ("bücher@example.test", "xn--bcher-kva.example.test"),
        ("a<b@example.test", "a-b.example.test"),
    ],
)
def test_list_id_is_an_atom_of_ascii(address: str, list_id: str) -> None:
    face = ListFace(address, "", is_announcement=False)
    assert face.list_id == list_id
    assert write_list_fields(face).isascii()


def test_a_list_knows_what_came_through_it() -> None:
    told = read_header(write_list_fields(TEAM) + b"From: ann@example.test\r\n\r\n")
    assert TEAM.list_id in told.list_ids
    other = read_header(
        b"List-Id: Others <others.example.test>\r\nX-Loop: TEAM.example.test\r\n\r\n"
    )
    assert other.list_ids == {"others.example.test", "team.example.test"}


@pytest.mark.parametrize(
    ("field", "is_reply"),
    [
        (b"Auto-Submitted: auto-replied", True),
        (b"auto-submitted: Auto-Replied (vacation)", True),
        (b"Auto-Submitted: auto-replied; owner-email=x", True),
        (b"Auto-Submitted: auto-generated", False),
        (b"Auto-Submitted: no", False),
        (b"Auto-Submitted:", False),
    ],
)
def test_only_replies_of_machines_are_told_apart(field: bytes, is_reply: bool) -> None:
    assert read_header(field + b"\r\n\r\n").is_reply_of_a_machine is is_reply


def test_the_first_from_counts() -> None:
    told = read_header(b"From: Ann <ann@example.test>\r\nFrom: ben@example.test\r\n\r\n")
    assert told.authors == ("ann@example.test",)
    assert read_header(b"To: ann@example.test\r\n\r\nFrom: x@y.test\r\n").authors == ()
