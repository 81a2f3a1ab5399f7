"""Photos of accounts."""

from pathlib import Path

import pytest
from django.core.management import CommandError

from groupware.core import limits
from groupware.core.directory import delete_account, find_photo, remove_photo, set_photo
from groupware.core.errors import Invalid, NotFound, TooLarge
from groupware.core.models import Account, AccountPhoto
from tests.commands.running import call, call_json
from tests.conftest import SetLimit

pytestmark = pytest.mark.django_db

JPEG = b"\xff\xd8\xff\xe0 a picture"


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (JPEG, "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n more", "image/png"),
        (b"GIF89a more", "image/gif"),
        (b"RIFF\0\0\0\0WEBP more", "image/webp"),
    ],
)
def test_a_photo_is_kept_as_it_is_with_what_it_is(
    ann: Account, data: bytes, media_type: str
) -> None:
    set_photo(ann.login, data)
    assert find_photo(ann.pk) == (media_type, data)


def test_another_photo_takes_its_place_and_it_can_be_removed(ann: Account) -> None:
    set_photo(ann.login, JPEG)
    set_photo(ann.login, JPEG + b"!")
    photo = find_photo(ann.pk)
    assert photo is not None
    assert photo.data == JPEG + b"!"
    remove_photo(ann.login)
    assert find_photo(ann.pk) is None
    with pytest.raises(NotFound):
        remove_photo(ann.login)


@pytest.mark.parametrize("data", [b"", b"%PDF", b"RIFF\0\0\0\0WAVE", b"<svg/>"])
def test_what_is_no_picture_is_refused(ann: Account, data: bytes) -> None:
    with pytest.raises(Invalid, match="JPEG, PNG, GIF or WebP"):
        set_photo(ann.login, data)


def test_a_photo_has_no_more_than_the_limit(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.PHOTO_SIZE, 2000)
    set_photo(ann.login, JPEG.ljust(2000))
    with pytest.raises(TooLarge, match="at most 2000 octets"):
        set_photo(ann.login, JPEG.ljust(2001))


def test_a_photo_goes_with_its_account(ann: Account) -> None:
    set_photo(ann.login, JPEG)
    delete_account(ann.login)
    assert not AccountPhoto.objects.exists()


def test_the_command_sets_and_removes_a_photo(ann: Account, tmp_path: Path) -> None:
    file = tmp_path / "ann.jpg"
    file.write_bytes(JPEG)
    assert call("account", "set-photo", ann.login, str(file)) == (
        "ann@example.test has a photo, which the directory shows."
    )
    assert find_photo(ann.pk) == ("image/jpeg", JPEG)
    assert call_json("account", "remove-photo", ann.login) == {"address": "ann@example.test"}
    with pytest.raises(CommandError, match="has no photo"):
        call("account", "remove-photo", ann.login)
    with pytest.raises(CommandError, match="No such file"):
        call("account", "set-photo", ann.login, str(tmp_path / "none.jpg"))
