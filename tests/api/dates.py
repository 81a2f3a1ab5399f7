"""Calendars, events and contacts as programs of the tests handle them."""

from typing import Any

from groupware.core import rights
from groupware.core.models import Account, Collection
from groupware.core.resources import queries
from groupware.core.rights import find_grantee, parse_rights
from tests.api.speaking import Api

EVENT = {
    "title": "Board",
    "start": "2026-03-02T10:00:00",
    "time_zone": "Europe/Berlin",
    "duration": "PT1H",
}


def object_id(collection_id: int) -> str:
    info = queries.find_collection(collection_id)
    assert info is not None
    return info.object_id


def share(owner: Account, collection_id: int | None, grantee: Account, text: str) -> None:
    collection = None if collection_id is None else Collection.objects.get(pk=collection_id)
    rights.grant(owner, collection, find_grantee(grantee.login), parse_rights(text))


def default_of(account: Account, kind: str = "calendars", role: str = "default") -> int:
    found = queries.find_by_role(account.pk, kind, role)
    assert found is not None
    return found.collection_id


def made(response: Any) -> Any:
    """Return what was created."""
    assert response.status_code == 201, response.content
    return response.json()


def got(response: Any) -> Any:
    """Return what an answer shows."""
    assert response.status_code == 200, response.content
    return response.json()


def create_event(api: Api, **fields: Any) -> Any:
    return made(api.post("/calendar-events", {**EVENT, **fields}))


def url(item: Any, kind: str = "calendar-events") -> str:
    return f"/{kind}/{item['id']}"
