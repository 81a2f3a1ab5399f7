import pytest

from mail.mime.parser import parse_message
from mail.mime.parts import MessageRange, PartEntry, load_parts, serialize_parts


def test_table_of_a_plain_message_takes_a_few_octets() -> None:
    data = b"Subject: x\r\n\r\ntext"
    table = serialize_parts(parse_message(data))
    assert len(table) == 7
    whole = MessageRange(0, 14, 18)
    assert load_parts(table) == {
        (): PartEntry(0, 0, 18, "7bit", "text/plain", whole),
        (1,): PartEntry(0, 14, 18, "7bit", "text/plain", None),
    }


def test_table_keeps_rare_types_and_encodings() -> None:
    long = b"x" * 200
    data = (
        b"Content-Type: application/%b\xff\r\nContent-Transfer-Encoding: x-odd\r\n\r\n" % long[:20]
    )
    entry = load_parts(serialize_parts(parse_message(data)))[(1,)]
    assert entry.encoding == ""
    assert entry.media_type == "application/" + "x" * 20 + "?"
    data = b"Content-Type: %b/%b\r\n\r\n" % (long, long)
    assert load_parts(serialize_parts(parse_message(data)))[(1,)].media_type == "x" * 127


@pytest.mark.parametrize("count", [1, 126, 127, 128, 1000])
def test_table_keeps_any_number_of_parts(count: int) -> None:
    data = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * count
    table = load_parts(serialize_parts(parse_message(data)))
    assert list(table) == [(), *((number,) for number in range(1, count + 1))]


def test_table_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version"):
        load_parts(b"\x02abc")
