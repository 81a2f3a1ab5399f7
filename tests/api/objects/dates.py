"""Objects of calendars and address books."""

import secrets

from calendar_app.services.calendars import create_calendar
from calendar_app.services.objects import prepare_object, put_object
from contacts.queries.directory import find_directory, list_entries
from contacts.services.addressbooks import create_address_book
from contacts.services.cards import put_card
from contacts.services.directory import refresh_directory
from groupware.core import rights
from groupware.core.directory import set_photo
from groupware.core.models import Account, Collection
from groupware.core.resources import queries
from groupware.core.resources.collections import Face
from groupware.core.resources.moving import Place
from groupware.core.rights import find_grantee, parse_rights
from groupware.rest.items import item_id
from tests.api.objects import Raw, operation, parameter
from tests.services.calendar_app.events import event, task
from tests.services.contacts.cards import card

PICTURE = b"GIF89a" + bytes(20)
PHOTO = "PHOTO;ENCODING=b;TYPE=GIF:R0lGODlhAAAA"
RULE = "RRULE:FREQ=DAILY;COUNT=5"
_made: dict[str, int] = {}
"""The collection that was made last, by its kind: what lies in it, or is of it, is made after it."""


def _object_id(collection_id: int) -> str:
    info = queries.find_collection(collection_id)
    assert info is not None
    return info.object_id


def make_calendar(owner: Account) -> int:
    _made["calendar"] = create_calendar(owner.pk, Face(f"Secret {secrets.token_hex(4)}"))
    return _made["calendar"]


def make_book(owner: Account) -> int:
    face = Face(f"Secret {secrets.token_hex(4)}")
    _made["book"] = create_address_book(owner.pk, face)
    return _made["book"]


def make_object(owner: Account, data: bytes) -> str:
    calendar = make_calendar(owner)
    put_object(owner.pk, calendar, "one.ics", prepare_object(data))
    return item_id(_object_id(calendar), "one.ics")


def make_card(owner: Account, name: str, book: int) -> str:
    put_card(Place(owner.pk, book, f"{name}.vcf"), card(name, "EMAIL:a@b.test", PHOTO))
    return item_id(_object_id(book), f"{name}.vcf")


@parameter("calendar_id")
def calendar_id(owner: Account) -> str:
    return _object_id(make_calendar(owner))


@parameter("book_id")
def book_id(owner: Account) -> str:
    return _object_id(make_book(owner))


def _share(owner: Account, kind: str) -> int:
    collection = Collection.objects.get(pk=_made[kind])
    grantee = find_grantee("root@example.test")
    rights.grant(owner, collection, grantee, parse_rights("read"))
    held = rights.find_grant(owner, collection, grantee)
    assert held is not None
    return int(held.pk)


@parameter("calendar_share_id")
def calendar_share_id(owner: Account) -> int:
    return _share(owner, "calendar")


@parameter("address_book_share_id")
def address_book_share_id(owner: Account) -> int:
    return _share(owner, "book")


@parameter("event_id")
def event_id(owner: Account) -> str:
    return make_object(owner, event("one", "20260310T090000Z", RULE, "SUMMARY:Secret"))


@parameter("recurrence_id")
def recurrence_id(_owner: Account) -> str:
    return "20260311T090000Z"


@parameter("task_id")
def task_id(owner: Account) -> str:
    return make_object(owner, task("one", "SUMMARY:Secret"))


@parameter("contact_id")
def contact_id(owner: Account) -> str:
    return make_card(owner, "Secret", make_book(owner))


@parameter("directory_entry_id", is_domains=True)
def directory_entry_id(owner: Account) -> str:
    set_photo(owner.login, PICTURE)
    refresh_directory(owner.domain_id)
    info = find_directory(owner.domain_id)
    assert info is not None
    for row in list_entries(owner.domain_id):
        if row.size > 400 or row.ical_uid:
            return item_id(info.object_id, row.href)
    raise AssertionError("nobody is in the directory")


def duplicates_query(owner: Account) -> str:
    return f"address_book={book_id(owner)}"


def merge_body(owner: Account) -> dict[str, object]:
    book = make_book(owner)
    ids = [make_card(owner, name, book) for name in ("One", "Two")]
    rows = queries.list_resources(book)
    etags = {item_id(_object_id(book), row.href): row.etag for row in rows}
    return {"contacts": [{"id": each, "etag": f'"{etags[each]}"'} for each in ids]}


SPAN = "start=2026-03-01&end=2026-04-01"
operation("create_calendar", body=lambda _: {"name": "New"})
operation("change_calendar", body=lambda _: {"color": "#336699"})
operation("share_calendar", body=lambda _: {"grantee": "@example.test", "rights": "read"})
operation("create_event", body=lambda _: {"title": "New", "start": "2026-03-02"})
operation("change_event", body=lambda _: {"title": "Changed"})
operation("change_event_occurrence", body=lambda _: {"title": "Changed"})
operation(
    "put_event_calendar_data", body=lambda _: Raw(event("one", "20260310T100000Z"), "text/calendar")
)
operation("list_occurrences", query=lambda _: SPAN)
operation("list_free_busy", query=lambda _: f"{SPAN}&who=nobody@elsewhere.test")
operation("create_task", body=lambda _: {"title": "New"})
operation("change_task", body=lambda _: {"status": "completed"})
operation("put_task_calendar_data", body=lambda _: Raw(task("one"), "text/calendar"))
operation("create_address_book", body=lambda _: {"name": "New"})
operation("change_address_book", body=lambda _: {"color": "#336699"})
operation("share_address_book", body=lambda _: {"grantee": "@example.test", "rights": "read"})
operation("create_contact", body=lambda _: {"full_name": "New"})
operation("change_contact", body=lambda _: {"note": "Changed"})
operation("put_contact_card_data", body=lambda _: Raw(card("Secret"), "text/vcard"))
operation("put_contact_photo", body=lambda _: Raw(PICTURE, "image/gif"))
operation("list_duplicate_contacts", query=duplicates_query, names=True)
operation("merge_contacts", body=merge_body, names=True)
