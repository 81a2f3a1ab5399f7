"""`manage.py account space`: what fills an account."""

import pytest

from groupware.core import directory
from groupware.core.models import Account
from groupware.management import space
from groupware.management.tables import BAR
from mail.flags import DELETED
from mail.services.mailboxes import create_mailbox
from mail.services.messages import expunge_messages
from tests.commands.running import call, call_json
from tests.services.store import append, create, mailbox, prepared

pytestmark = pytest.mark.django_db(transaction=True)

ANN = "ann@example.org"
MAY_2024 = 1_714_567_890


@pytest.fixture
def ann(transactional_db: None) -> Account:
    """Return a person with three messages and one that is expunged."""
    directory.create_domain("example.org")
    account = create(ANN, quota_bytes=16 << 10)
    append(account, "Sent", prepared(size=6 << 10, subject="Pictures"), internal_date=MAY_2024)
    append(account, data=prepared(size=1 << 10))
    append(account, data=prepared(size=1 << 10))
    append(account, data=prepared(size=2 << 10), flags=DELETED)
    expunge_messages(account.pk, mailbox(account).collection_id)
    return account


def test_it_is_shown_with_bars(ann: Account) -> None:
    sections = [part.splitlines() for part in call("account", "space", ANN).split("\n\n")]
    fields, collections, years, senders, largest = sections
    assert fields[0].split() == ["Address:", ANN]
    assert fields[1].split(maxsplit=1) == ["Used:", "8K of 16K (50.0 %)"]
    assert fields[2].split(maxsplit=1) == ["Restorable:", "2K in 1 message (not charged)"]
    assert [line.split()[0] for line in fields[3:]] == ["Mail:", "Saved:"]
    assert collections[0].split() == ["COLLECTION", "ITEMS", "SIZE", "SHARE"]
    bar = "#" * (BAR * 3 // 4) + "." * (BAR // 4)
    assert collections[1].split() == ["mail/Sent", "1", "6K", bar, "75.0", "%"]
    assert collections[2].split()[:3] == ["mail/INBOX", "2", "2K"]
    assert [line.split()[0] for line in years[1:]][-1] == "2024"
    assert senders[0].endswith("OF THE 3 LARGEST MESSAGES")
    assert len(senders) == 4
    assert largest[1].split()[:4] == ["6K", "2024-05-01", "Sent", "1"]
    assert largest[1].endswith("Pictures")


def test_a_machine_is_told_everything(ann: Account) -> None:
    told = call_json("account", "space", ANN)
    assert set(told) == {
        *("address", "used", "quota", "collections", "years", "largest"),
        *("senders", "restorable", "mail"),
    }
    assert told["collections"][0] == {
        "collection": f"{ANN}/mail/Sent",
        "items": 1,
        "bytes": 6 << 10,
    }
    assert told["years"][-1] == {"year": 2024, "messages": 1, "bytes": 6 << 10}
    assert told["restorable"] == {"items": 1, "bytes": 2 << 10}
    assert told["largest"][0]["mailbox"] == f"{ANN}/mail/Sent"
    assert told["largest"][0]["internal_date"] == "2024-05-01T12:51:30+00:00"
    assert told["senders"]["messages"] == 3
    kept = told["mail"]
    assert kept["logical"] == told["used"] == 8 << 10
    saved = kept["saved_by_storing_once"] + kept["saved_by_compression"]
    assert saved == kept["logical"] - kept["compressed"]


def test_of_many_collections_a_person_is_shown_the_largest(
    ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(space, "MOST_COLLECTIONS", 2)
    for name in ("One", "Two"):
        create_mailbox(ann.pk, name)
        append(ann, name, prepared(size=100))
    text = call("account", "space", ANN)
    assert "2 others" in text
    assert "mail/One" not in text
    assert len(call_json("account", "space", ANN)["collections"]) == 4


def test_empty_account_shows_what_there_is(ann: Account) -> None:
    create("ben@example.org")
    assert call("account", "space", "ben@example.org").splitlines()[1].split() == ["Used:", "0"]
