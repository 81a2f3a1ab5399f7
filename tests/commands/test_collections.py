"""`calendar` and `addressbook`: making, listing, deleting, and public addresses."""

import pytest
from django.core.management import CommandError
from django.test import Client

from groupware.core import directory
from groupware.core.models import Account
from tests.commands.running import call, call_json
from tests.services.store import create

ANN = "ann@example.org"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def ann(transactional_db: None) -> Account:
    directory.create_domain("example.org")
    return create(ANN)


@pytest.mark.parametrize(
    ("command", "kind", "first"),
    [("calendar", "calendars", 3), ("addressbook", "addressbooks", 1)],
)
def test_a_collection_is_made_listed_and_deleted(
    command: str, kind: str, first: int, ann: Account
) -> None:
    name = f"{ANN}/{kind}/Team plans"
    made = call_json(command, "create", name, "--description", "Whose turn it is")
    assert made["collection"] == name
    assert made["display_name"] == "Team plans"
    assert made["description"] == "Whose turn it is"
    assert made["path"].startswith(f"/dav/{ann.pk}/")
    listed = call_json(command, "list", ANN)
    assert len(listed) == first + 1
    assert made in listed
    assert "Team plans" in call(command, "list", ANN)
    with pytest.raises(CommandError, match="already"):
        call(command, "create", name)
    assert call_json(command, "delete", name) == {"deleted": name}
    assert len(call_json(command, "list", ANN)) == first
    for word in ("delete", "create"):
        with pytest.raises(CommandError, match="another kind"):
            call(command, word, f"{ANN}/mail/INBOX")
    with pytest.raises(CommandError, match="no collection"):
        call(command, "delete", name)
    with pytest.raises(CommandError, match="no slash"):
        call(command, "create", f"{ANN}/{kind}/a/b")


def test_an_account_without_any_says_so() -> None:
    call("addressbook", "delete", f"{ANN}/addressbooks/Contacts")
    assert call("addressbook", "list", ANN).strip() == f"{ANN} has no addressbooks."
    assert call_json("addressbook", "list", ANN) == []


def test_a_calendar_takes_what_it_is_made_for() -> None:
    made = call_json(
        "calendar", "create", f"{ANN}/calendars/Chores", "--components", "vtodo",
        "--color", "#FF0000",
    )  # fmt: skip
    assert made["components"] == ["VTODO"]
    assert (made["color"], made["public"]) == ("#FF0000", False)


def test_a_public_address_is_shown_once_and_taken_back(client: Client) -> None:
    name = f"{ANN}/calendars/Calendar"
    linked = call_json("calendar", "link", name)
    assert linked["collection"] == name
    path = "/" + linked["url"].split("/", 3)[3]
    assert client.get(path).status_code == 200
    assert "shown this once" in call("calendar", "link", name)
    assert client.get(path).status_code == 404
    (held,) = (one for one in call_json("calendar", "list", ANN) if one["collection"] == name)
    assert held["public"] is True
    assert linked["url"] not in str(held)
    assert call_json("calendar", "unlink", name) == {"collection": name, "url": None}
    (held,) = (one for one in call_json("calendar", "list", ANN) if one["collection"] == name)
    assert held["public"] is False
