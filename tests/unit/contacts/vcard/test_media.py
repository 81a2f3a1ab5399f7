import pytest

from contacts.vcard.contentlines import Line, Params
from contacts.vcard.media import Media, read_media, type_name


@pytest.mark.parametrize(
    ("params", "value", "media"),
    [
        ({"ENCODING": ("b",), "TYPE": ("JPEG",)}, "/9j/", Media("image/jpeg", "/9j/", "")),
        ({"ENCODING": ("b",)}, "iVBOR AA", Media("image/png", "iVBORAA", "")),
        ({"ENCODING": ("b",)}, "AAAA", Media("application/octet-stream", "AAAA", "")),
        ({"ENCODING": ("b",), "TYPE": ("image/gif",)}, "AAAA", Media("image/gif", "AAAA", "")),
        ({"TYPE": ("HOME",)}, "https://a/b", Media("", "", "https://a/b")),
        ({"MEDIATYPE": ("image/png",)}, "https://a/b", Media("image/png", "", "https://a/b")),
        ({}, "data:image/png;charset=x;base64,AAAA", Media("image/png", "AAAA", "")),
        ({}, "data:,hello", Media("", "", "data:,hello")),
    ],
)
def test_media_are_read_in_every_way_of_writing(params: Params, value: str, media: Media) -> None:
    assert read_media(Line("PHOTO", "", params, value)) == media


def test_octets_are_decoded_as_far_as_they_can_be() -> None:
    assert Media("", "AAECAw==", "").octets() == bytes([0, 1, 2, 3])
    assert Media("", "AAECA", "").octets() == bytes([0, 1, 2])
    assert Media("", "A", "").octets() == b""
    assert Media("", "", "https://a/b").octets() == b""


def test_media_types_have_names_in_version_3() -> None:
    assert [
        type_name(each) for each in ("image/jpeg", "image/png", "", "application/pgp-keys")
    ] == [*("JPEG", "PNG", "", "PGP")]
