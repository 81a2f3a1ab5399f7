"""Names on the command line."""

import pytest

from groupware.core import names
from groupware.core.errors import Invalid, NotFound
from groupware.core.models import Account
from mail.services.mailboxes import create_mailbox
from tests.services.store import collection_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "address", "kind", "path"),
    [
        ("a@x.test/mail/INBOX", "a@x.test", "mail", "INBOX"),
        ("a@x.test/mail/inbox/Lists", "a@x.test", "mail", "INBOX/Lists"),
        ("a@x.test/mail/Archive/2026", "a@x.test", "mail", "Archive/2026"),
        ("a/b@x.test/calendars/Work", "a/b@x.test", "calendars", "Work"),
        ("a@x.test/addressbooks/We @ home", "a@x.test", "addressbooks", "We @ home"),
    ],
)
def test_name_has_three_parts(text: str, address: str, kind: str, path: str) -> None:
    assert names.is_collection_name(text)
    assert names.parse_collection_name(text) == names.CollectionName(address, kind, path)


@pytest.mark.parametrize(
    "text",
    ["", "a@x.test", "a@x.test/", "a@x.test/mail", "a@x.test/mail/", "a@x.test/notes/x",
     "/mail/INBOX", "x.test/mail/INBOX", "@x.test/mail/INBOX", "a@/mail/INBOX"],
)  # fmt: skip
def test_what_names_no_collection_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        names.parse_collection_name(text)


def test_collection_is_found_by_its_name(ann: Account) -> None:
    create_mailbox(ann.pk, "Archive/2026")
    found = names.get_collection("ANN@Example.test/mail/Archive/2026")
    assert found == collection_of(ann, "Archive/2026")
    assert found.account == ann
    assert names.get_collection("ann@example.test/mail/inbox") == collection_of(ann)
    assert names.name_of(ann.login, found.kind, found.name) == "ann@example.test/mail/Archive/2026"


@pytest.mark.parametrize(
    "text", ["nobody@example.test/mail/INBOX", "ann@example.test/mail/Nowhere", "ann@example.test/mail/sent"]
)  # fmt: skip
def test_collection_that_is_not_there_is_not_found(ann: Account, text: str) -> None:
    with pytest.raises(NotFound):
        names.get_collection(text)


def test_target_is_an_account_or_one_of_its_collections(ann: Account) -> None:
    assert names.get_target("ann@example.test") == (ann, None)
    assert names.get_target("ann@example.test/mail/Sent") == (ann, collection_of(ann, "Sent"))
    with pytest.raises(NotFound):
        names.get_target("nobody@example.test")
