"""Photos of accounts: who has one, shows it to the whole domain in the directory."""

from hashlib import sha256
from typing import NamedTuple

from groupware.core import audit, limits
from groupware.core.directory.lookups import directory_change, get_account
from groupware.core.errors import Invalid, NotFound, TooLarge
from groupware.core.models import AccountPhoto

_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
)


class Photo(NamedTuple):
    """A picture as clients show it."""

    media_type: str
    data: bytes


def set_photo(address: str, data: bytes) -> None:
    """Give an account a photo; raises `NotFound`, `TooLarge`, `Invalid` for what is no picture."""
    if len(data) > (most := limits.PHOTO_SIZE.value):
        raise TooLarge("A photo has at most {most} octets: make it smaller.", most=most)
    media_type = media_type_of(data)
    with directory_change():
        account = get_account(address)
        columns = {"media_type": media_type, "etag": sha256(data).hexdigest(), "data": data}
        AccountPhoto.objects.update_or_create(account=account, defaults=columns)
        audit.record("account.set-photo", account, size=len(data))


def media_type_of(data: bytes) -> str:
    """Return what kind of picture octets are; raises `Invalid` for what is none."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    found = next((name for start, name in _SIGNATURES if data.startswith(start)), "")
    if not found:
        raise Invalid("A photo is a picture in JPEG, PNG, GIF or WebP.")
    return found


def remove_photo(address: str) -> None:
    """Take an account's photo away; raises `NotFound` where it has none."""
    with directory_change():
        account = get_account(address)
        removed, _ = AccountPhoto.objects.filter(account=account).delete()
        if not removed:
            raise NotFound("{login} has no photo.", login=account.login)
        audit.record("account.remove-photo", account)


def find_photo(account_id: int) -> Photo | None:
    """Return an account's photo."""
    held = AccountPhoto.objects.filter(account=account_id).first()
    return Photo(held.media_type, bytes(held.data)) if held else None
