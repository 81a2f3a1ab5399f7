"""Every written message as it goes out, read back with the standard library's parser."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path

import pytest

from groupware.demo.compose import ATTRIBUTIONS, Composed, Composer
from groupware.demo.letters import BadText, read_letters
from groupware.demo.people import People, read_people
from groupware.demo.workdays import WorkingDays

NOW = datetime(2026, 3, 18, 11, 40, tzinfo=UTC)
RESERVED = re.compile(r"(.+\.)?(example|test|example\.(com|net|org))\Z")
ADDRESS = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")


def compose_all(domain: str = "example.test", now: datetime = NOW) -> dict[str, Composed]:
    composer = Composer(read_people(domain), WorkingDays(now))
    return {letter.id: composer.compose(letter) for letter in read_letters()}


@pytest.fixture(scope="module")
def composed() -> dict[str, Composed]:
    return compose_all()


@pytest.fixture(scope="module")
def people() -> People:
    return read_people("example.test")


def parse(data: bytes) -> EmailMessage:
    message = message_from_bytes(data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def parts_of(composed: dict[str, Composed]) -> Iterator[tuple[str, EmailMessage]]:
    for name, held in composed.items():
        for part in parse(held.data).walk():
            assert isinstance(part, EmailMessage)
            yield name, part


def test_there_are_a_hundred_messages_in_many_languages(composed: dict[str, Composed]) -> None:
    languages = Counter(held.letter.lang for held in composed.values())
    assert len(composed) >= 100
    assert languages.keys() == ATTRIBUTIONS.keys()
    assert len({held.text for held in composed.values()}) == len(composed)


def test_every_message_parses_without_defects(composed: dict[str, Composed]) -> None:
    for name, part in parts_of(composed):
        assert part.defects == [], name
        if part.get_content_maintype() == "text":
            assert "\ufffd" not in part.get_content(), name


def test_every_line_ends_in_crlf_and_is_short_enough(composed: dict[str, Composed]) -> None:
    for name, held in composed.items():
        assert b"\n" not in held.data.replace(b"\r\n", b""), name
        assert b"\r" not in held.data.replace(b"\r\n", b""), name
        assert max(map(len, held.data.split(b"\r\n"))) <= 998, name


def test_every_shape_of_mail_is_there(composed: dict[str, Composed]) -> None:
    kinds = Counter(part.get_content_type() for _, part in parts_of(composed))
    for kind in (
        *("multipart/mixed", "multipart/alternative", "multipart/related", "message/rfc822"),
        *("application/pdf", "image/png", "text/csv", "text/calendar", "text/html"),
    ):
        assert kinds[kind] >= 1, kind
    encodings = {str(part["Content-Transfer-Encoding"]) for _, part in parts_of(composed)}
    assert encodings >= {"7bit", "8bit", "quoted-printable", "base64"}
    charsets = {part.get_content_charset() for _, part in parts_of(composed)}
    assert charsets >= {"utf-8", "koi8-r", "iso-2022-jp", "iso-8859-2", "iso-8859-15", "gb2312"}
    assert any(part.get_param("format") == "flowed" for _, part in parts_of(composed))
    headers = [held.data.partition(b"\r\n\r\n")[0] for held in composed.values()]
    assert any(b"=?utf-8?" in header for header in headers)
    assert any(not header.isascii() for header in headers)
    assert any(b"\r\nList-Id: " in header for header in headers)


def test_every_picture_in_html_is_a_part_beside_it(composed: dict[str, Composed]) -> None:
    shown = 0
    for name, part in parts_of(composed):
        if part.get_content_type() == "multipart/related":
            html, *pictures = part.iter_parts()
            wanted = re.findall(r'src="cid:([^"]+)"', html.get_content())
            assert wanted, name
            assert sorted(wanted) == sorted(str(one["Content-ID"])[1:-1] for one in pictures), name
            shown += len(wanted)
    assert shown >= 5


def test_an_answer_names_everything_before_it_and_quotes_it(composed: dict[str, Composed]) -> None:
    answers = [held for held in composed.values() if held.letter.parent is not None]
    assert len(answers) > 50
    for held in answers:
        message = parse(held.data)
        ancestors = [composed[one.id] for one in held.letter.ancestors()]
        assert message["In-Reply-To"] == ancestors[0].message_id
        assert message["References"].split() == [one.message_id for one in ancestors[::-1]]
        assert all(one.date < held.date for one in ancestors)
    assert composed["fw-4"].text.startswith('"Unknown" is fine.')
    assert "\nOn 23 Feb 2026, 11:20, Yuki Tanaka wrote:\n>> Could the" in composed["fw-4"].text


def test_a_conversation_has_at_least_eight_messages(composed: dict[str, Composed]) -> None:
    longest = max(len(list(held.letter.ancestors())) for held in composed.values())
    assert longest >= 7


def test_every_address_is_the_teams_or_reserved(
    composed: dict[str, Composed], people: People
) -> None:
    for one in people.everybody.values():
        assert RESERVED.fullmatch(one.address.partition("@")[2]), one
    for name, part in parts_of(composed):
        fields = [str(value) for key in ("From", "To", "Cc") for value in part.get_all(key, [])]
        domains = [address.rpartition("@")[2] for _, address in getaddresses(fields) if address]
        if part.get_content_maintype() == "text":
            domains += ADDRESS.findall(part.get_content())
            assert "http" not in part.get_content(), name
        for domain in domains:
            assert RESERVED.fullmatch(domain), (name, domain)


def test_the_teams_addresses_follow_its_domain() -> None:
    for held in compose_all("tern.example.net").values():
        assert b"example.test" not in held.data
        assert b"{domain}" not in held.data


def test_a_long_domain_leaves_the_references_whole() -> None:
    domain = f"{'a' * 60}.{'b' * 60}.example"
    composed = compose_all(domain)
    message = parse(composed["leak-7"].data)
    assert message["References"].split()[0] == composed["leak-1"].message_id
    assert message["In-Reply-To"] == composed["leak-6"].message_id


@pytest.mark.parametrize("hours", [0, 7, 13, 24, 50, 77, 101, 120, 160])
def test_dates_are_of_the_last_sixty_days_and_none_is_to_come(hours: int) -> None:
    now = NOW + timedelta(hours=hours)
    dates = [held.date for held in compose_all(now=now).values()]
    assert max(dates) <= now
    assert min(dates) > now - timedelta(days=60)
    assert now - max(dates) < timedelta(days=3, hours=12)
    assert len({date.utcoffset() for date in dates}) > 3


def test_a_message_says_when_it_was_written(composed: dict[str, Composed]) -> None:
    for held in composed.values():
        assert parse(held.data)["Date"].datetime == held.date.replace(microsecond=0)


def test_text_that_its_charset_lacks_is_named(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(
        '[[thread]]\nsubject = "One"\n[[thread.message]]\nid = "one-1"\nfrom = "ada"\n'
        'to = ["lea"]\nwhen = "1 09:00"\ncharset = "iso-8859-1"\ntext = "5 €"\n'
    )
    composer = Composer(read_people("example.test"), WorkingDays(NOW))
    with pytest.raises(BadText, match="one-1: iso-8859-1 has no '€'"):
        composer.compose(read_letters(tmp_path)[0])
