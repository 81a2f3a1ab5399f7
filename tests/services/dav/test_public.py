"""The public address of a calendar."""

import re

import pytest
from django.test import Client

from calendar_app.services.links import create_link, remove_link, url_of
from groupware.core import limits
from groupware.core.directory import set_active
from groupware.core.errors import NotFound
from groupware.core.models import Account, Resource, Tombstone
from groupware.core.resources.queries import find_by_slug
from tests.conftest import SetLimit
from tests.services.dav.client import DavClient
from tests.services.dav.samples import event

pytestmark = pytest.mark.django_db


@pytest.fixture
def calendar(ann: Account, anns: DavClient) -> int:
    """Return ann's calendar, with an event of each class in it."""
    path = f"/{ann.pk}/calendar/"
    for href, line in (("a", "CLASS:PUBLIC"), ("b", "CLASS:PRIVATE"), ("c", "CLASS:CONFIDENTIAL")):
        body = event(href, f"Of {href}", line, "LOCATION:Town")
        assert anns.request("PUT", f"{path}{href}.ics", body).status == 201
    found = find_by_slug(ann.pk, "calendar")
    assert found is not None
    return found.collection_id


def address(secret: str) -> str:
    url = url_of(secret)
    assert url.startswith("http")
    return "/" + url.split("/", 3)[3]


def test_whoever_has_the_address_reads_what_is_not_private(
    calendar: int, ann: Account, client: Client
) -> None:
    answer = client.get(address(create_link(ann.pk, calendar)))
    assert (answer.status_code, answer.headers["Content-Type"]) == (
        200,
        "text/calendar; charset=utf-8",
    )
    assert b"Of a" in answer.content
    assert b"Of b" not in answer.content
    assert b"Of c" not in answer.content
    assert answer.content.count(b"BEGIN:VEVENT") == 2
    assert answer.content.count(b"LOCATION") == 1
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_a_secret_is_kept_by_its_hash_and_opens_one_calendar(
    calendar: int, ann: Account, client: Client
) -> None:
    first = create_link(ann.pk, calendar)
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", first)
    second = create_link(ann.pk, calendar)
    assert client.get(address(first)).status_code == 404
    assert client.get(address(second)).status_code == 200
    remove_link(ann.pk, calendar)
    answer = client.get(address(second))
    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")
    for wrong in ("x", "%00", "é" * 300, second[:-1]):
        assert client.get(address(wrong)).status_code == 404


def test_an_account_that_is_disabled_publishes_nothing(
    calendar: int, ann: Account, client: Client
) -> None:
    url = address(create_link(ann.pk, calendar))
    set_active(ann.login, active=False)
    assert client.get(url).status_code == 404
    set_active(ann.login, active=True)
    assert client.get(url).status_code == 200


def test_who_has_it_already_is_sent_nothing(
    calendar: int, ann: Account, anns: DavClient, client: Client
) -> None:
    url = address(create_link(ann.pk, calendar))
    first = client.get(url)
    etag, date = first.headers["ETag"], first.headers["Last-Modified"]
    for condition in ({"If-None-Match": etag}, {"If-Modified-Since": date}):
        again = client.get(url, headers=condition)
        assert (again.status_code, again.content) == (304, b"")
        assert (again.headers["ETag"], again.headers["Last-Modified"]) == (etag, date)
    hidden = event("b", "Else", "CLASS:PRIVATE")
    anns.request("PUT", f"/{ann.pk}/calendar/b.ics", hidden)
    assert client.get(url).headers["ETag"] == etag
    anns.request("PUT", f"/{ann.pk}/calendar/a.ics", event("a", "Else"))
    changed = client.get(url, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert b"Else" in changed.content
    Resource.objects.filter(collection_id=calendar).update(changed_at=1_000)
    anns.request("DELETE", f"/{ann.pk}/calendar/a.ics")
    Tombstone.objects.update(created_at=2_000)
    assert client.get(url).headers["Last-Modified"] == "Thu, 01 Jan 1970 00:33:20 GMT"


def test_what_is_no_reading_is_refused(calendar: int, ann: Account, client: Client) -> None:
    url = address(create_link(ann.pk, calendar))
    assert client.head(url).status_code == 200
    for method in ("PUT", "DELETE", "POST", "PROPFIND"):
        assert client.generic(method, url).status_code == 405


def test_a_calendar_without_anything_is_sent_too(ann: Account, client: Client) -> None:
    found = find_by_slug(ann.pk, "tasks")
    assert found is not None
    answer = client.get(address(create_link(ann.pk, found.collection_id)))
    assert answer.status_code == 200
    assert "Last-Modified" not in answer.headers


def test_what_is_sent_is_bounded(
    calendar: int, ann: Account, client: Client, set_limit: SetLimit
) -> None:
    url = address(create_link(ann.pk, calendar))
    set_limit(limits.DAV_DOWNLOAD, 100)
    assert client.get(url).status_code == 507


def test_only_a_calendar_of_the_account_gets_an_address(
    calendar: int, ann: Account, ben: Account
) -> None:
    book = find_by_slug(ann.pk, "contacts")
    assert book is not None
    for account_id, collection_id in ((ben.pk, calendar), (ann.pk, book.collection_id)):
        with pytest.raises(NotFound):
            create_link(account_id, collection_id)
        with pytest.raises(NotFound):
            remove_link(account_id, collection_id)
