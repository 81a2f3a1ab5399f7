import pytest

from contacts.vcard.cards import read_card
from contacts.vcard.versions import convert


def converted(version: str, to: str, *lines: str) -> list[str]:
    """Return the lines inside the converted card, unfolded, but for FN and N as given."""
    text = "\r\n".join(
        ["BEGIN:VCARD", f"VERSION:{version}", "N:A;;;;", "FN:A", *lines, "END:VCARD"]
    )
    data = convert(read_card(text.encode()), to)
    assert read_card(data).version == to
    unfolded = data.decode().replace("\r\n ", "").split("\r\n")
    assert unfolded[:4] == ["BEGIN:VCARD", f"VERSION:{to}", "N:A;;;;", "FN:A"]
    return unfolded[4:-2]


BOTH_WAYS = [
    (["TEL;TYPE=HOME,pref:1"], ["TEL;TYPE=HOME;PREF=1:1"]),
    (["X-ADDRESSBOOKSERVER-KIND:group"], ["KIND:group"]),
    (["X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1"], ["MEMBER:urn:uuid:1"]),
    (["PHOTO;ENCODING=b;TYPE=JPEG:/9j/AA=="], ["PHOTO:data:image/jpeg;base64,/9j/AA=="]),
    (["SOUND;ENCODING=b;TYPE=BASIC:AAAA"], ["SOUND:data:audio/basic;base64,AAAA"]),
    (["KEY;ENCODING=b;TYPE=PGP:AAAA"], ["KEY:data:application/pgp-keys;base64,AAAA"]),
    (
        ["LOGO;VALUE=uri;TYPE=PNG:https://example.org/a.png"],
        ["LOGO;MEDIATYPE=image/png:https://example.org/a.png"],
    ),
    (["PHOTO;VALUE=uri:https://example.org/a"], ["PHOTO:https://example.org/a"]),
    (["BDAY:1980-03-22"], ["BDAY:19800322"]),
    (["BDAY;X-APPLE-OMIT-YEAR=1604:1604-03-22"], ["BDAY:--0322"]),
    (["REV:2012-03-05T13:32:54Z"], ["REV:20120305T133254Z"]),
    (["GEO:46.77;-71.28"], ["GEO:geo:46.77,-71.28"]),
    (["TZ:-05:00"], ["TZ;VALUE=utc-offset:-0500"]),
    (["TZ;VALUE=text:Europe/Berlin"], ["TZ:Europe/Berlin"]),
    (["UID:abc"], ["UID;VALUE=text:abc"]),
    (["UID:urn:uuid:1"], ["UID:urn:uuid:1"]),
    (
        ["ADR;TYPE=HOME:;;S;;;;", "LABEL;TYPE=HOME:S\\nT"],
        ["ADR;TYPE=HOME;LABEL=S^nT:;;S;;;;"],
    ),
    (["item1.TEL:1", "item1.X-ABLabel:Other"], ["item1.TEL:1", "item1.X-ABLABEL:Other"]),
    (["X-ANY;A=b:c\\,d", "NOTE:a\\nb"], ["X-ANY;A=b:c\\,d", "NOTE:a\\nb"]),
    (
        ["GENDER:M", "RELATED:urn:uuid:2", "MAILER:x"],
        ["GENDER:M", "RELATED:urn:uuid:2", "MAILER:x"],
    ),
    (["BDAY:circa 1800"], ["BDAY:circa 1800"]),
]


@pytest.mark.parametrize(("three", "four"), BOTH_WAYS)
def test_what_both_versions_say_is_said_in_each_ones_way(three: list[str], four: list[str]) -> None:
    assert converted("3.0", "4.0", *three) == four
    upper = [line.replace("X-ABLabel", "X-ABLABEL") for line in three]
    assert converted("4.0", "3.0", *four) == upper


@pytest.mark.parametrize(
    ("three", "four"),
    [
        (["EMAIL;TYPE=INTERNET;TYPE=PREF:a@b.c"], ["EMAIL;PREF=1:a@b.c"]),
        (["PHOTO;BASE64:/9j/AA=="], ["PHOTO:data:image/jpeg;base64,/9j/AA=="]),
        (["PHOTO;ENCODING=b:AAAA"], ["PHOTO:data:application/octet-stream;base64,AAAA"]),
        (["TEL;VALUE=phone-number:1"], ["TEL:1"]),
        (["LABEL;TYPE=WORK:x"], ["LABEL;TYPE=WORK:x"]),
    ],
)
def test_a_card_of_3_is_written_as_4(three: list[str], four: list[str]) -> None:
    text = "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", "FN:A", *three, "END:VCARD"])
    data = convert(read_card(text.encode()), "4.0")
    assert data.decode().split("\r\n")[3:-2] == four


@pytest.mark.parametrize(
    ("four", "three"),
    [
        (['TEL;TYPE="work,voice";VALUE=uri:tel:+1;ext=2'], ["TEL;TYPE=work,voice:+1 x2"]),
        (["TEL;PREF=2:1", "TEL;PREF=50:2"], ["TEL;TYPE=pref:1", "TEL:2"]),
        (["TEL;PREF=x:1"], ["TEL:1"]),
        (["PHOTO:https://a/b"], ["PHOTO;VALUE=uri:https://a/b"]),
        (["GEO:geo:1,2;u=3"], ["GEO:geo:1,2;u=3"]),
    ],
)
def test_a_card_of_4_is_written_as_3(four: list[str], three: list[str]) -> None:
    assert converted("4.0", "3.0", *four) == three


def test_what_a_name_is_sorted_by_is_a_parameter_in_4() -> None:
    data = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nN:A;;;;\r\nSORT-STRING:Z\r\nEND:VCARD\r\n"
    four = convert(read_card(data), "4.0")
    assert b"\r\nN;SORT-AS=Z:A;;;;\r\nEND" in four
    assert convert(read_card(four), "3.0") == data


def test_names_that_a_version_asks_for_are_made() -> None:
    card = read_card(b"BEGIN:VCARD\r\nVERSION:4.0\r\nORG:A\\, B;C\r\nEND:VCARD\r\n")
    assert b"\r\nFN:A\\, B C\r\nN:A\\, B C;;;;\r\nORG" in convert(card, "3.0")
    card = read_card(b"BEGIN:VCARD\r\nVERSION:3.0\r\nORG:A\r\nEND:VCARD\r\n")
    assert b"\r\nFN:A\r\nORG" in convert(card, "4.0")


def test_a_card_of_2_1_is_written_as_3() -> None:
    card = read_card(
        b"BEGIN:VCARD\r\nVERSION:2.1\r\nN:Doe;J, K;;;\r\nTEL;HOME;PREF:1\r\n"
        b"PHOTO;VALUE=URL;GIF:http://a/b\r\nEND:VCARD\r\n"
    )
    assert convert(card, "3.0").decode().split("\r\n")[2:-2] == [
        "FN:J\\, K Doe",
        "N:Doe;J\\, K;;;",
        "TEL;TYPE=HOME,PREF:1",
        "PHOTO;VALUE=uri;TYPE=GIF:http://a/b",
    ]


def test_in_its_own_version_a_card_keeps_its_lines() -> None:
    data = b"BEGIN:VCARD\r\nVERSION:4.0\r\nX-A;B=c:d\r\nFN:A\r\nEND:VCARD\r\n"
    assert convert(read_card(data), "4.0") == data
