import pytest

from contacts.vcard.cards import Card, InvalidCard, Name, read_card
from contacts.vcard.dates import Birthday
from contacts.vcard.limits import DEFAULT_LIMITS, CardLimits


def card(*lines: str, version: str = "3.0") -> Card:
    text = "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""])
    return read_card(text.encode())


def refusal(data: bytes, limits: CardLimits = DEFAULT_LIMITS) -> tuple[str, str]:
    with pytest.raises(InvalidCard) as caught:
        read_card(data, limits)
    return caught.value.precondition, caught.value.text


def test_a_card_is_read() -> None:
    read = card(
        "UID:abc",
        "FN:Dr. Ann Example",
        "N:Example;Ann;Maria,Eva;Dr.;",
        "NICKNAME:Annie,A.",
        "ORG:Example\\, Inc.;Sales",
        "item1.EMAIL;TYPE=INTERNET:ann@example.org",
        "EMAIL: ann@home.example ",
        "TEL;TYPE=CELL:+49 30 1234",
        "BDAY:1980-03-22",
        "PHOTO;ENCODING=b;TYPE=JPEG:/9j/",
    )
    assert (read.version, read.uid, read.kind, read.full_name) == (
        *("3.0", "abc", "individual"),
        "Dr. Ann Example",
    )
    assert read.name == Name(("Example",), ("Ann",), ("Maria", "Eva"), ("Dr.",), ())
    assert read.nicknames == ("Annie", "A.")
    assert read.organization == ("Example, Inc.", "Sales")
    assert read.mails == ("ann@example.org", "ann@home.example")
    assert read.phones == ("+49 30 1234",)
    assert read.birthday == Birthday(1980, 3, 22)
    assert read.has_photo


def test_a_card_of_version_4_is_read() -> None:
    read = card(
        "KIND:group",
        "FN:Team",
        "MEMBER:urn:uuid:1",
        "MEMBER:mailto:b@example.org",
        "TEL;VALUE=uri:tel:+1-418-656-9254;ext=102",
        "BDAY:--0229",
        version="4.0",
    )
    assert (read.version, read.uid, read.kind) == ("4.0", None, "group")
    assert read.members == ("urn:uuid:1", "mailto:b@example.org")
    assert read.phones == ("+1-418-656-9254 x102",)
    assert read.birthday == Birthday(None, 2, 29)
    assert not read.has_photo


def test_groups_as_apple_writes_them_are_read() -> None:
    read = card(
        "FN:Team", "X-ADDRESSBOOKSERVER-KIND:group", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1"
    )
    assert (read.kind, read.members) == ("group", ("urn:uuid:1",))


def test_an_unknown_kind_is_an_individual() -> None:
    assert card("FN:A", "KIND:x-thing", version="4.0").kind == "individual"


@pytest.mark.parametrize(
    ("lines", "full_name"),
    [
        (["FN:", "N:Doe;John;;;"], "John Doe"),
        (["N:;;;;", "ORG:Example;Sales"], "Example Sales"),
        (["NICKNAME:Jo", "EMAIL:jo@example.org"], "Jo"),
        (["EMAIL:jo@example.org"], "jo@example.org"),
        (["TEL:1"], "1"),
        ([], ""),
    ],
)
def test_a_card_without_a_full_name_is_called_by_what_it_has(
    lines: list[str], full_name: str
) -> None:
    assert card(*lines).full_name == full_name


def test_the_text_of_a_card_is_what_search_compares() -> None:
    text = card("FN:Ärzte\\, GmbH", "EMAIL:Info@Example.org", "X-OTHER:secret").text
    assert text == "a\u0308rzte, gmbh\ninfo@example.org"


def test_values_in_quoted_printable_are_read() -> None:
    read = read_card(
        b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=84,;J=\r\n"
        b"=C3=B6;;;\r\nNOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:a=0D=0A=\r\nb=E4\r\n"
        b"TEL;HOME:1\r\nPHOTO;JPEG;BASE64:\r\n /9j/\r\n AAAA\r\n\r\nEND:VCARD\r\n"
    )
    assert (read.name.family, read.name.given) == (("Ä,",), ("Jö",))
    assert read.values("NOTE") == ["a\nbä"]
    photo = next(line for line in read.lines if line.name == "PHOTO")
    assert (photo.value, photo.params) == ("/9j/AAAA", {"TYPE": ("JPEG",), "ENCODING": ("b",)})


def test_octets_of_an_unknown_character_set_are_read_in_what_they_fit() -> None:
    octets = b"BEGIN:VCARD\nVERSION:2.1\nFN;ENCODING=QUOTED-PRINTABLE;CHARSET=%b:%b\nEND:VCARD"
    assert read_card(octets % (b"x-none", b"=C3=84")).full_name == "Ä"
    assert read_card(octets % (b"", b"=C4")).full_name == "Ä"
    assert read_card(octets % (b"", b"=01=00A")).full_name == "\ufffdA"


@pytest.mark.parametrize(
    ("data", "precondition", "text"),
    [
        (b"", "valid-address-data", "does not begin with BEGIN:VCARD"),
        (b"hello", "valid-address-data", "Line 1 has no colon"),
        (b"BEGIN:VCALENDAR\nEND:VCALENDAR", "valid-address-data", "does not begin"),
        (b"BEGIN:VCARD\nVERSION:3.0\nFN:A\n", "valid-address-data", "not END:VCARD"),
        (b"BEGIN:VCARD\nFN:A\nEND:VCARD", "valid-address-data", "0 lines VERSION"),
        (b"BEGIN:VCARD\nVERSION:5.0\nEND:VCARD", "supported-address-data", "send 3.0 or 4.0"),
        (b"BEGIN:VCARD\nVERSION:3.0\nFN:\x01\nEND:VCARD", "valid-address-data", "U+0001"),
        (
            b"BEGIN:VCARD\nVERSION:3.0\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nEND:VCARD",
            "valid-address-data",
            "several cards",
        ),
    ],
)
def test_what_is_no_card_is_refused_with_the_precondition(
    data: bytes, precondition: str, text: str
) -> None:
    found = refusal(data)
    assert found[0] == precondition
    assert text in found[1]


def test_a_card_beyond_the_limits_is_refused() -> None:
    data = b"BEGIN:VCARD\nVERSION:3.0\nFN:A\nEND:VCARD\n"
    assert read_card(data, CardLimits(octets=len(data), lines=4)).full_name == "A"
    assert refusal(data, CardLimits(octets=len(data) - 1)) == (
        "max-resource-size",
        f"The card has {len(data)} octets; {len(data) - 1} are allowed.",
    )
    assert refusal(data, CardLimits(lines=3))[0] == "valid-address-data"
