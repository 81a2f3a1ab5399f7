"""Who listens: what a request for the stream of events leads to, and when it ends."""

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from groupware.api.push.views import EventStream
from groupware.core import db
from groupware.identity.models import WebSession
from groupware.identity.services import sessions
from tests.services.store import PASSWORD, create

if TYPE_CHECKING:
    from groupware.core.models import Account, Domain
    from tests.api.speaking import Api

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/events"


@pytest.fixture
def person(domain: "Domain") -> "Account":
    return create("eve@example.test", password=PASSWORD)


def sign_in(person: "Account") -> Client:
    browser = Client()
    fields = {"login": person.login, "password": PASSWORD}
    assert browser.post("/account/login/", fields, secure=True).status_code == 302
    return browser


def listen(browser: Client) -> EventStream:
    response = browser.get(URL, secure=True, headers={"Accept": "text/event-stream"})
    assert isinstance(response, EventStream)
    return response


def test_a_browser_that_is_signed_out_listens_no_more(person: "Account") -> None:
    first, second = listen(sign_in(person)).listener, listen(sign_in(person)).listener
    assert first.is_open()
    held = WebSession.objects.filter(account=person).order_by("id").first()
    assert held is not None
    sessions.end_browser(person.pk, held.pk)
    with db.read_snapshot():
        assert not first.is_open()
        assert second.is_open()


def test_a_program_hears_as_long_as_its_credentials_are_good(api: "Api") -> None:
    response = api.get(URL.removeprefix("/api/v1"))
    assert isinstance(response, EventStream)
    assert response.listener.is_open()
