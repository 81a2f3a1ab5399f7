"""DAV:sync-collection (RFC 6578): tokens, limits, what went, and what is refused."""

from typing import Any

import pytest
from django.db import transaction

from contacts.services.cards import remove_card
from groupware.core import db, limits
from groupware.core.doctor.restored import begin_all_anew
from groupware.core.models import Account, Collection, Tombstone
from groupware.core.resources.moving import Place
from groupware.core.synctokens import sync_token
from groupware.dav.names import carddav, dav
from tests.conftest import SetLimit
from tests.services.contacts.cards import book_of, put
from tests.services.dav.client import Answer, DavClient

pytestmark = pytest.mark.django_db

ETAG = "<D:prop><D:getetag/></D:prop>"
DATA = "<D:prop><D:getetag/><CR:address-data/></D:prop>"


class Syncing:
    """A client that follows Ann's address book."""

    def __init__(self, account: Account, client: DavClient) -> None:
        self.account = account
        self.book = book_of(account)
        self.path = f"/{account.pk}/contacts/"
        self.client = client
        self.token = ""
        self.known: dict[str, str] = {}

    def ask(self, prop: str = ETAG, limit: int | None = None, **headers: str) -> Answer:
        inner = f"<D:sync-token>{self.token}</D:sync-token><D:sync-level>1</D:sync-level>"
        if limit is not None:
            inner += f"<D:limit><D:nresults>{limit}</D:nresults></D:limit>"
        return self.client.report(self.path, "D:sync-collection", inner + prop, **headers)

    def sync(self, prop: str = ETAG, limit: int | None = None) -> bool:
        """Take over one answer; tell whether there is more."""
        answer = self.ask(prop, limit)
        is_cut = False
        for path, response in answer.responses().items():
            href = path.removeprefix(self.path)
            status = response.findtext(dav("status")) or ""
            if not href:
                assert " 507 " in status
                assert (
                    response.find(f"{dav('error')}/{dav('number-of-matches-within-limits')}")
                    is not None
                )
                is_cut = True
            elif status:
                assert " 404 " in status
                self.known.pop(href, None)
            else:
                self.known[href] = answer.properties(path)[dav("getetag")].text or ""
        self.token = answer.xml().findtext(dav("sync-token")) or ""
        return is_cut

    def sync_all(self, limit: int) -> int:
        """Take over answers until there is no more; return how many there were."""
        for number in range(1, 100):
            if not self.sync(limit=limit):
                return number
        raise AssertionError("the report has no end")

    def put(self, name: str, *lines: str) -> None:
        put(self.account, self.book, name, *lines)

    def remove(self, name: str) -> None:
        remove_card(Place(self.account.pk, self.book, f"{name}.vcf"))

    def truth(self) -> dict[str, str]:
        """Return what a PROPFIND of all tells."""
        answer = self.client.propfind(self.path, "D:getetag", depth="1")
        return {
            path.removeprefix(self.path): answer.properties(path)[dav("getetag")].text or ""
            for path in answer.responses()
            if path != self.path
        }


@pytest.fixture
def syncing(ann: Account, anns: DavClient) -> Syncing:
    return Syncing(ann, anns)


def test_a_token_and_its_report_are_what_there_is(syncing: Syncing) -> None:
    syncing.put("a")
    syncing.put("b")
    assert not syncing.sync()
    assert syncing.known == syncing.truth()
    assert len(syncing.known) == 2
    syncing.remove("a")
    syncing.put("b", "NOTE:changed")
    syncing.put("c")
    assert not syncing.sync()
    assert syncing.known == syncing.truth()
    assert set(syncing.known) == {"b.vcf", "c.vcf"}


def test_where_nothing_happened_nothing_is_told(syncing: Syncing) -> None:
    syncing.put("a")
    syncing.sync()
    token = syncing.token
    assert syncing.ask().responses() == {}
    syncing.sync()
    assert syncing.token == token


def test_the_token_is_the_one_of_propfind(syncing: Syncing) -> None:
    syncing.put("a")
    syncing.sync()
    found = syncing.client.propfind(syncing.path, "D:sync-token").properties(syncing.path)
    assert found[dav("sync-token")].text == syncing.token


def test_a_first_report_tells_of_nothing_that_went(syncing: Syncing) -> None:
    syncing.put("a")
    syncing.remove("a")
    assert syncing.ask().responses() == {}
    assert syncing.ask(limit=1).responses() == {}


def test_what_went_and_came_again_is_there(syncing: Syncing) -> None:
    syncing.put("a")
    syncing.sync()
    syncing.remove("a")
    syncing.put("a", "NOTE:again")
    syncing.sync()
    assert syncing.known == syncing.truth() != {}


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_with_a_limit_all_is_told_in_pieces(syncing: Syncing, limit: int) -> None:
    for name in "abcde":
        syncing.put(name)
    assert syncing.sync_all(limit) == -(-5 // limit)
    assert syncing.known == syncing.truth()
    syncing.remove("a")
    syncing.put("b", "NOTE:changed")
    syncing.remove("c")
    syncing.sync_all(limit)
    assert syncing.known == syncing.truth()


def test_a_first_report_in_pieces_outlives_tombstones(syncing: Syncing) -> None:
    for name in "abcd":
        syncing.put(name)
    syncing.put("x")
    syncing.remove("x")
    floor = Collection.objects.get(pk=syncing.book).highest_modseq
    Tombstone.objects.filter(collection_id=syncing.book).delete()
    Collection.objects.filter(pk=syncing.book).update(tombstone_floor=floor)
    assert syncing.sync(limit=2)
    syncing.remove("a")
    syncing.put("b", "NOTE:changed")
    syncing.sync_all(2)
    assert syncing.known == syncing.truth()


def test_a_server_cuts_what_is_too_much(syncing: Syncing, set_limit: SetLimit) -> None:
    for name in "abcde":
        syncing.put(name)
    set_limit(limits.DAV_RESULTS, 2)
    assert [syncing.sync(), syncing.sync(), syncing.sync()] == [True, True, False]
    assert syncing.known == syncing.truth()


def test_data_that_is_too_much_is_told_in_pieces(syncing: Syncing, set_limit: SetLimit) -> None:
    for name in "abcde":
        syncing.put(name, f"NOTE:{'x' * 1000}")
    set_limit(limits.DAV_ANSWER, 2500)
    assert [syncing.sync(DATA), syncing.sync(DATA), syncing.sync(DATA)] == [True, True, False]
    assert syncing.known == syncing.truth()
    set_limit(limits.DAV_ANSWER, 500)
    syncing.token, syncing.known = "", {}
    assert [syncing.sync(DATA) for _ in "abcde"] == [True] * 4 + [False]
    set_limit(limits.DAV_ANSWER, 1 << 20)
    assert syncing.known == syncing.truth()


def test_data_comes_with_what_changed(syncing: Syncing) -> None:
    syncing.put("a", "NOTE:1 < 2 & 3 > 2", "NICKNAME:Zo\u00eb")
    syncing.remove("a")
    syncing.put("a", "NOTE:1 < 2 & 3 > 2", "NICKNAME:Zo\u00eb")
    answer = syncing.ask(DATA)
    stored = syncing.client.request("GET", syncing.path + "a.vcf").body
    found = answer.properties(syncing.path + "a.vcf")
    assert (found[carddav("address-data")].text or "").encode() == stored
    assert b"\r\n" in stored


def test_properties_of_the_rows_come_too(syncing: Syncing) -> None:
    syncing.put("a")
    prop = "<D:prop><D:getcontenttype/><D:getcontentlength/><D:displayname/></D:prop>"
    answer = syncing.ask(prop)
    found = answer.properties(syncing.path + "a.vcf")
    assert found[dav("getcontenttype")].text == "text/vcard; charset=utf-8"
    length = len(syncing.client.request("GET", syncing.path + "a.vcf").body)
    assert found[dav("getcontentlength")].text == str(length)
    assert set(answer.properties(syncing.path + "a.vcf", 404)) == {dav("displayname")}
    with_data = syncing.ask(prop.replace("</D:prop>", "<CR:address-data/></D:prop>"))
    assert with_data.properties(syncing.path + "a.vcf")[dav("getcontentlength")].text == str(length)
    minimal = syncing.ask(prop, Prefer="return=minimal")
    assert minimal.properties(syncing.path + "a.vcf", 404) == {}
    assert minimal.headers["preference-applied"] == "return=minimal"


@pytest.mark.parametrize(
    "token", ["data:,1", "urn:groupware:sync:x:1:1", "foreign", "stale", "new"]
)
def test_a_token_that_is_not_whole_is_refused(syncing: Syncing, token: str) -> None:
    syncing.put("a")
    info = Collection.objects.get(pk=syncing.book)
    syncing.token = {
        "foreign": sync_token("other", info.token_epoch, info.highest_modseq),
        "stale": sync_token(info.object_id, info.token_epoch, info.tombstone_floor - 1),
        "new": sync_token(info.object_id, info.token_epoch, info.highest_modseq + 1),
    }.get(token, token)
    answer = syncing.ask()
    assert (answer.status, answer.condition()) == (403, dav("valid-sync-token"))


def test_after_a_restore_no_token_of_the_lost_time_counts(syncing: Syncing) -> None:
    syncing.put("a")
    syncing.sync()
    backup = transaction.savepoint()
    syncing.put("lost")
    syncing.sync()
    assert set(syncing.known) == {"a.vcf", "lost.vcf"}
    transaction.savepoint_rollback(backup)
    begin_all_anew()
    syncing.put("b")  # with the numbers that the lost one had
    assert syncing.ask().condition() == dav("valid-sync-token")
    syncing.token, syncing.known = "", {}
    syncing.sync()
    assert syncing.known == syncing.truth()
    assert set(syncing.known) == {"a.vcf", "b.vcf"}


def test_a_token_of_before_a_restore_is_refused(syncing: Syncing) -> None:
    syncing.sync()
    Collection.objects.filter(pk=syncing.book).update(token_epoch=2)
    assert syncing.ask().condition() == dav("valid-sync-token")


@pytest.mark.parametrize(
    ("inner", "depth", "status", "condition"),
    [
        ("<D:sync-token/><D:sync-level>1</D:sync-level>", "0", 207, None),
        ("<D:sync-token/><D:sync-level>1</D:sync-level>", "1", 207, None),
        ("<D:sync-token/>", "1", 207, None),
        ("<D:sync-token/><D:sync-level>1</D:sync-level>", "infinity", 400, None),
        ("<D:sync-token/><D:sync-level>infinite</D:sync-level>", "0", 403, "traversal"),
        ("<D:sync-token/><D:sync-level>2</D:sync-level>", "0", 400, None),
        ("<D:sync-level>1</D:sync-level>", "0", 400, None),
        ("<D:sync-token/><D:limit><D:nresults>0</D:nresults></D:limit>", "0", 400, None),
        ("<D:sync-token/><D:limit><D:nresults>x</D:nresults></D:limit>", "0", 400, None),
        ("<D:sync-token/><D:limit/>", "0", 400, None),
    ],
)
def test_levels_depths_and_limits(
    syncing: Syncing, inner: str, depth: str, status: int, condition: str | None
) -> None:
    answer = syncing.client.report(syncing.path, "D:sync-collection", inner + ETAG, Depth=depth)
    assert answer.status == status
    if condition:
        assert answer.condition() == dav("sync-traversal-supported")


def test_members_are_told_whatever_their_names_are(syncing: Syncing) -> None:
    for name in ("100%b", "a b", "\u00e9&<>'\"", "%41"):
        syncing.put(name)
    syncing.sync()
    assert syncing.known == syncing.truth()
    assert len(syncing.known) == 4


def test_one_change_of_more_than_the_limit_is_refused(
    syncing: Syncing, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        syncing.put(name)
    db.execute("UPDATE core_resource SET modseq = (SELECT MAX(modseq) FROM core_resource)")
    answer = syncing.ask(limit=2)
    assert answer.status == 507
    assert answer.condition() == dav("number-of-matches-within-limits")
    assert not syncing.sync(limit=3)


def test_one_change_costs_a_fixed_number_of_queries(
    syncing: Syncing, django_assert_num_queries: Any
) -> None:
    for name in "abcdef":
        syncing.put(name)
    syncing.sync()
    syncing.put("a", "NOTE:1")
    syncing.client.propfind(syncing.path, "D:getetag")  # the password is known from here on
    with django_assert_num_queries(4) as first:
        syncing.ask()
    for name in "abcdef":
        syncing.put(name, "NOTE:2")
    with django_assert_num_queries(len(first)):
        syncing.ask()
