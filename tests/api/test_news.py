"""What a listener is told, from the tables, with the rights of that moment."""

import base64
import json
from typing import Any

import pytest
from django.db.models import F

from calendar_app.services.objects import prepare_object, put_object
from groupware.api.push.news import Event, News, read_news
from groupware.api.push.positions import Positions, read_positions
from groupware.core import auth, db, rights
from groupware.core.errors import AuthenticationFailed
from groupware.core.models import Account, AccountState, Collection
from groupware.core.principals import Principal
from groupware.rest.tokens import pack
from mail.services import mailboxes
from tests.services.dav.samples import event
from tests.services.store import append, collection_of, mailbox

pytestmark = pytest.mark.django_db

ALL = frozenset({"mail", "calendars", "addressbooks"})


def news(account: Account, known: Positions | None = None, kinds: frozenset[str] = ALL) -> News:
    account.refresh_from_db()
    principal = Principal(account.pk, account.login, account.credential_epoch)
    with db.read_snapshot():
        return read_news(principal, kinds, known)


def ids(event: Event) -> list[str]:
    return [one["id"] for one in event.data["collections"]]


def calendar_of(account: Account) -> Collection:
    return Collection.objects.get(account=account, kind="calendars", name="Calendar")


def put(account: Account, uid: str, *lines: str) -> None:
    prepared = prepare_object(event(uid, "Meeting", *lines))
    put_object(account.pk, calendar_of(account).pk, f"{uid}.ics", prepared)


def test_nothing_new_is_no_event(ann: Account) -> None:
    began = news(ann)
    assert [one.name for one in began.events] == ["ready"]
    assert news(ann, began.positions).events == []


def test_a_burst_is_one_event_with_all_that_changed(ann: Account) -> None:
    began = news(ann)
    append(ann)
    append(ann)
    put(ann, "a")
    [told] = news(ann, began.positions).events
    assert told.name == "change"
    assert sorted(ids(told)) == sorted([collection_of(ann).object_id, calendar_of(ann).object_id])
    kinds = {one["id"]: one["kind"] for one in told.data["collections"]}
    assert kinds[calendar_of(ann).object_id] == "calendar"


def test_collections_that_come_and_go_are_told(ann: Account) -> None:
    began = news(ann)
    mailboxes.create_mailbox(ann.pk, "Plans")
    made = mailbox(ann, "Plans").object_id
    then = news(ann, began.positions)
    assert ids(then.events[0]) == [made]
    mailboxes.delete_mailbox(ann.pk, "Plans")
    [told] = news(ann, then.positions).events
    assert told.data["removed"] == [{"id": made, "kind": "mailbox"}]


def test_scopes_bound_what_is_heard(ann: Account) -> None:
    began = news(ann, kinds=frozenset({"calendars"}))
    append(ann)
    assert news(ann, began.positions, frozenset({"calendars"})).events == []


def test_a_private_event_is_no_news_to_who_may_not_see_it(ann: Account, ben: Account) -> None:
    put(ann, "a")
    rights.grant(ann, calendar_of(ann), ben, rights.parse_rights("read"))
    began = news(ben)
    put(ann, "secret", "CLASS:PRIVATE")
    hidden = news(ben, began.positions)
    assert hidden.events == []
    assert news(ann, Positions(began.positions.accounts, news(ann).positions.access)).events
    put(ann, "veiled", "CLASS:CONFIDENTIAL")  # that somebody is busy then is no secret
    [told] = news(ben, hidden.positions).events
    assert ids(told) == [calendar_of(ann).object_id]


def test_of_what_is_granted_no_more_is_told_than_is_seen(ann: Account, ben: Account) -> None:
    rights.grant(ann, collection_of(ann), ben, rights.parse_rights("l"))
    began = news(ben)
    append(ann)
    append(ann, "Archive")
    assert news(ben, began.positions).events == []
    rights.grant(ann, collection_of(ann), ben, rights.parse_rights("lr"))
    access = news(ben, began.positions)
    assert [one.name for one in access.events] == ["access", "change"]
    append(ann)
    append(ann, "Archive")
    [told] = news(ben, access.positions).events
    assert ids(told) == [collection_of(ann).object_id]
    assert told.data["account"] == ann.pk


def test_a_past_that_is_not_to_be_relied_on_is_told_as_such(ann: Account) -> None:
    began = news(ann)
    Collection.objects.filter(account=ann).update(token_epoch=F("token_epoch") + 1)
    restored = news(ann, began.positions)
    assert [one.name for one in restored.events] == ["reset"]
    append(ann)
    AccountState.objects.filter(account=ann).update(tombstone_floor=F("next_modseq"))
    assert [one.name for one in news(ann, restored.positions).events] == ["reset"]


def test_credentials_that_ended_hear_nothing(ann: Account) -> None:
    principal = Principal(ann.pk, ann.login, ann.credential_epoch)
    auth.end_sessions(ann.pk)
    with pytest.raises(AuthenticationFailed):
        read_news(principal, ALL, None)


def test_an_id_says_what_was_told(ann: Account) -> None:
    positions = news(ann).positions
    assert read_positions(positions.text()) == positions


@pytest.mark.parametrize(
    "told",
    [[], {}, 5, ["a", [[1, 2]]], ["a", ["1.2"]], ["a", [1]], ["a", ["1.-2.000000000001"]], [1, []]],
)
def test_an_id_of_somebody_elses_is_none(told: Any) -> None:
    assert read_positions(pack(told)) is None
    before_sealing = base64.urlsafe_b64encode(json.dumps(["a", [[1, 2, 3]]]).encode()).decode()
    assert read_positions(before_sealing.rstrip("=")) is None


def test_how_much_happens_in_what_is_not_shared_shows_nowhere(ann: Account, ben: Account) -> None:
    rights.grant(ann, collection_of(ann), ben, rights.parse_rights("lr"))
    began = news(ben)
    quiet = news(ben, began.positions)
    for _ in range(12):
        append(ann, "Archive")
    busy = news(ben, began.positions)
    assert quiet.events == busy.events == []
    quiet_id, busy_id = quiet.positions.text(), busy.positions.text()
    assert len(quiet_id) == len(busy_id)
    assert quiet_id != quiet.positions.text(), "an id that stays the same would tell of none"
    append(ann)
    [told] = news(ben, busy.positions).events
    assert told.data.keys() == {"account", "collections", "removed"}


def test_a_reset_of_anothers_account_tells_no_counter(ann: Account, ben: Account) -> None:
    rights.grant(ann, collection_of(ann), ben, rights.parse_rights("lr"))
    began = news(ben)
    Collection.objects.filter(account=ann).update(token_epoch=F("token_epoch") + 1)
    assert news(ben, began.positions).events == [Event("reset", {"account": ann.pk})]


def test_a_look_costs_the_same_however_much_is_shared(
    ann: Account, ben: Account, django_assert_max_num_queries: object
) -> None:
    for name in ("Archive", "Drafts", "INBOX", "Trash"):
        rights.grant(ann, collection_of(ann, name), ben, rights.parse_rights("lr"))
    began = news(ben)
    for name in ("Archive", "Drafts", "INBOX", "Trash"):
        append(ann, name)
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        assert len(ids(news(ben, began.positions).events[0])) == 4
