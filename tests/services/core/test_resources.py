"""Resources: put, remove, changes since a modseq, sync-tokens, and what they count."""

from collections.abc import Sequence

import pytest

from contacts.services.addressbooks import create_address_book, delete_address_book
from groupware.core import db, limits
from groupware.core.directory import delete_account, set_quota
from groupware.core.errors import (
    AlreadyExists,
    DiskReserve,
    Invalid,
    LimitExceeded,
    NotFound,
    OverQuota,
    Stale,
    TooLarge,
)
from groupware.core.models import Account, Collection, Resource, ResourceData
from groupware.core.resources import queries
from groupware.core.resources.collections import Face, describe_collection
from groupware.core.resources.items import (
    MAX_UID,
    Content,
    PreconditionFailed,
    UidTaken,
    Written,
    put_resource,
    remove_resource,
    touch_resource,
)
from groupware.core.synctokens import parse_sync_token, sync_token
from tests.conftest import SetLimit
from tests.services.store import state_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def book(ann: Account) -> int:
    return create_address_book(ann.pk, Face(display_name="Friends"), slug="friends")


def put(account: Account, book: int, href: str, text: str = "", uid: str | None = None) -> Written:
    return put_resource(account.pk, book, href, Content(text.encode(), uid, "VCARD"))


def remove(account: Account, book: int, href: str) -> int:
    return remove_resource(account.pk, book, href, forget=lambda _: None)


def changes(book: int, since: int, limit: int | None = None) -> Sequence[tuple[str, bool]]:
    rows = queries.list_changes(book, since, limit)
    assert [row.modseq for row in rows] == sorted(row.modseq for row in rows)
    return [(row.href, row.etag is not None) for row in rows]


def modseq_of(book: int) -> int:
    info = queries.find_collection(book)
    assert info is not None
    return info.highest_modseq


def test_what_was_put_is_read_back_octet_by_octet(ann: Account, book: int) -> None:
    data = bytes(range(256))
    written = put_resource(ann.pk, book, "a.vcf", Content(data, "u1", "VCARD"))
    stored = queries.read_data(book, "a.vcf")
    assert stored is not None
    assert (stored.data, stored.etag, written.is_new) == (data, written.etag, True)
    assert queries.read_many(book, ["a.vcf", "b.vcf"]) == {"a.vcf": stored}


def test_a_put_counts_in_collection_and_quota_and_a_removal_gives_back(
    ann: Account, book: int
) -> None:
    before = state_of(ann).bytes_used
    put(ann, book, "a", "12345")
    put(ann, book, "a", "1234567")
    held = Collection.objects.get(pk=book)
    assert (held.items, held.bytes, state_of(ann).bytes_used - before) == (1, 7, 7)
    remove(ann, book, "a")
    held.refresh_from_db()
    assert (held.items, held.bytes, state_of(ann).bytes_used) == (0, 0, before)
    assert not Resource.objects.exists()
    assert not ResourceData.objects.exists()


def test_the_same_bytes_again_change_nothing(ann: Account, book: int) -> None:
    first = put(ann, book, "a", "text")
    second = put(ann, book, "a", "text")
    assert (second.is_changed, second.modseq, second.etag) == (False, first.modseq, first.etag)
    assert modseq_of(book) == first.modseq


def test_each_change_is_told_once_since_what_was_known(ann: Account, book: int) -> None:
    start = modseq_of(book)
    put(ann, book, "a", "1")
    put(ann, book, "b", "1")
    middle = modseq_of(book)
    put(ann, book, "a", "2")
    remove(ann, book, "b")
    assert changes(book, start) == [("a", True), ("b", False)]
    assert changes(book, middle) == [("a", True), ("b", False)]
    assert changes(book, modseq_of(book)) == []


def test_what_went_and_came_again_is_told_as_there(ann: Account, book: int) -> None:
    put(ann, book, "a", "1")
    known = modseq_of(book)
    for _ in range(2):
        remove(ann, book, "a")
        put(ann, book, "a", "1")
    assert changes(book, known) == [("a", True)]
    remove(ann, book, "a")
    assert changes(book, known) == [("a", False)]


def test_limited_changes_end_with_a_whole_modseq(ann: Account, book: int) -> None:
    known = modseq_of(book)
    for name in "abcde":
        put(ann, book, name, "1")
    told: list[tuple[str, bool]] = []
    while rows := queries.list_changes(book, known, 2):
        assert len(rows) <= 2
        told += [(row.href, row.etag is not None) for row in rows]
        known = rows[-1].modseq
    assert told == [(name, True) for name in "abcde"]


def test_a_modseq_of_more_rows_than_the_limit_is_told_whole(ann: Account, book: int) -> None:
    known = modseq_of(book)
    for name in "abc":
        put(ann, book, name, "1")
    Resource.objects.update(modseq=modseq_of(book))
    assert changes(book, known, 2) == [("a", True), ("b", True), ("c", True)]


def test_a_uid_is_held_once_and_may_change(ann: Account, book: int) -> None:
    put(ann, book, "a", "1", "uid")
    with pytest.raises(UidTaken, match="at a") as caught:
        put(ann, book, "b", "2", "uid")
    assert caught.value.href == "a"
    put(ann, book, "a", "3", "other")
    put(ann, book, "b", "2", "uid")
    found = queries.find_resource_by_uid(book, "uid")
    assert found is not None
    assert found.href == "b"


def test_cards_without_a_uid_do_not_stand_in_each_others_way(ann: Account, book: int) -> None:
    put(ann, book, "a", "1")
    put(ann, book, "b", "2")
    assert len(queries.list_resources(book)) == 2


def test_a_check_sees_the_entity_tag_and_can_refuse(ann: Account, book: int) -> None:
    etag = put(ann, book, "a", "1").etag
    seen: list[str | None] = []

    def refuse(held: str | None) -> None:
        seen.append(held)
        raise PreconditionFailed("It is not as it was.")

    content = Content(b"2", None, "VCARD")
    for href in ("a", "b"):
        with pytest.raises(PreconditionFailed):
            put_resource(ann.pk, book, href, content, check=refuse)
        with pytest.raises(PreconditionFailed):
            remove_resource(ann.pk, book, href, forget=lambda _: None, check=refuse)
    assert seen == [etag, etag, None, None]
    assert queries.list_etags(book) == [("a", etag)]


@pytest.mark.parametrize("href", ["", "x" * 256, ".", "..", "a/b", "a\0", "a\n", "a\ud800"])
def test_an_href_that_cannot_be_one_is_refused(ann: Account, book: int, href: str) -> None:
    with pytest.raises(Invalid):
        put(ann, book, href)


@pytest.mark.parametrize("href", ["x" * 255, "a b:'*,é東.ics", "~x", "%41"])
def test_any_other_href_is_taken(ann: Account, book: int, href: str) -> None:
    put(ann, book, href)
    assert [row.href for row in queries.list_resources(book)] == [href]


def test_a_uid_has_its_bounds(ann: Account, book: int) -> None:
    put(ann, book, "a", uid="x" * MAX_UID)
    for uid in ("", "x" * (MAX_UID + 1), "\0"):
        with pytest.raises(Invalid, match="UID"):
            put(ann, book, "b", uid=uid)


def test_size_number_quota_and_disk_are_bounded(
    ann: Account, book: int, set_limit: SetLimit
) -> None:
    set_limit(limits.RESOURCE_SIZE, 10)
    put(ann, book, "a", "x" * 10)
    with pytest.raises(TooLarge):
        put(ann, book, "a", "x" * 11)
    set_limit(limits.RESOURCES, 2)
    put(ann, book, "b")
    with pytest.raises(LimitExceeded):
        put(ann, book, "c")
    put(ann, book, "b", "new")
    set_quota(ann.login, 14)
    with pytest.raises(OverQuota):
        put(ann, book, "b", "12345")
    set_limit(limits.DISK_RESERVE, 1 << 60)
    with pytest.raises(DiskReserve):
        put(ann, book, "b", "1")
    remove(ann, book, "b")


def test_what_is_not_there_cannot_be_removed_or_written_to(ann: Account, book: int) -> None:
    with pytest.raises(NotFound):
        remove(ann, book, "a")
    put(ann, book, "a")
    delete_address_book(ann.pk, book)
    with pytest.raises(Stale):
        put(ann, book, "b")
    with pytest.raises(NotFound):
        delete_address_book(ann.pk, book)


def test_nobody_writes_into_the_collection_of_another(
    ann: Account, ben: Account, book: int
) -> None:
    with pytest.raises(Stale):
        put(ben, book, "a")
    with pytest.raises(NotFound):
        delete_address_book(ben.pk, book)
    with pytest.raises(NotFound):
        describe_collection(ben.pk, book, Face(display_name="Mine"))


def test_a_deleted_collection_gives_back_all_that_it_used(ann: Account, book: int) -> None:
    before = state_of(ann)
    put(ann, book, "a", "12345")
    put(ann, book, "b", "12345")
    delete_address_book(ann.pk, book)
    after = state_of(ann)
    assert (after.bytes_used, after.items_used) == (before.bytes_used, before.items_used)
    assert queries.find_by_slug(ann.pk, "friends") is None
    assert not Resource.objects.exists()


def test_an_account_is_deleted_with_its_resources(ann: Account, book: int) -> None:
    put(ann, book, "a", "12345")
    delete_account(ann.login)
    assert not Resource.objects.exists()
    assert not ResourceData.objects.exists()


def test_a_slug_is_taken_once_and_reserved_ones_never(
    ann: Account, ben: Account, book: int
) -> None:
    with pytest.raises(AlreadyExists):
        create_address_book(ann.pk, Face(), slug="friends")
    create_address_book(ben.pk, Face(), slug="friends")
    for slug in ("~x", "directory", "a/b"):
        with pytest.raises(Invalid):
            create_address_book(ann.pk, Face(), slug=slug)
    without = queries.find_collection(create_address_book(ann.pk, Face()))
    assert without is not None
    assert without.slug not in {"", "friends"}


def test_names_on_the_command_line_stay_apart(ann: Account, book: int) -> None:
    def name_of(collection_id: int) -> str:
        return Collection.objects.get(pk=collection_id).name

    other = create_address_book(ann.pk, Face(display_name="Friends"))
    third = create_address_book(ann.pk, Face(display_name=" a/b\tc "))
    assert (name_of(book), name_of(other), name_of(third)) == ("Friends", "Friends 2", "a b c")
    describe_collection(ann.pk, other, Face(display_name="Friends"))
    assert name_of(other) == "Friends 2"
    describe_collection(ann.pk, book, Face(display_name="Family", color="#ff0000"))
    info = queries.find_collection(book)
    assert info is not None
    assert (info.name, info.display_name, info.color) == ("Family", "Family", "#ff0000")


def test_what_a_collection_shows_is_bounded(ann: Account, book: int, set_limit: SetLimit) -> None:
    for face in (
        Face(display_name="x" * 256),
        Face(description="x" * 4097),
        Face(color="x" * 65),
        Face(position=-2),
        Face(display_name="a\0"),
        Face(description="\ud800"),
    ):
        with pytest.raises(Invalid):
            describe_collection(ann.pk, book, face)
    set_limit(limits.COLLECTIONS, 3)
    create_address_book(ann.pk, Face())
    with pytest.raises(LimitExceeded):
        create_address_book(ann.pk, Face())


def test_a_token_is_its_collections_alone(ann: Account, book: int) -> None:
    info = queries.find_collection(book)
    assert info is not None
    token = info.sync_token
    modseq = info.highest_modseq
    assert parse_sync_token(token, info.object_id, info.token_epoch) == (modseq, modseq)
    for other in (token + "0" * 20, token.replace(info.object_id, "x"), "", "data:,1"):
        assert parse_sync_token(other, info.object_id, info.token_epoch) is None
    assert parse_sync_token(token, info.object_id, info.token_epoch + 1) is None


def test_a_token_of_a_first_report_in_pieces_tells_when_it_began() -> None:
    token = sync_token("x", 1, 5, 9)
    assert parse_sync_token(token, "x", 1) == (5, 9)
    for base in (0, 5):
        assert sync_token("x", 1, 5, base) == sync_token("x", 1, 5)


def test_a_page_ends_after_so_many_resources_or_octets(
    ann: Account, book: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abcde":
        put(ann, book, name, name * 10)

    def pages() -> list[list[str]]:
        found, after = [], 0
        while True:
            page, after = queries.read_page(book, after, 3)
            found.append([each.href for each in page])
            if not after:
                return found

    assert pages() == [["a", "b", "c"], ["d", "e"]]
    monkeypatch.setattr(queries, "PAGE_OCTETS", 20)
    assert pages() == [["a", "b"], ["c", "d"], ["e"]]
    monkeypatch.setattr(queries, "PAGE_OCTETS", 1)
    assert pages() == [["a"], ["b"], ["c"], ["d"], ["e"], []]


def test_a_resource_that_is_touched_is_told_again(ann: Account, book: int) -> None:
    written = put(ann, book, "a")
    put(ann, book, "b")
    since = modseq_of(book)
    with db.write_transaction():
        modseq = touch_resource(ann.pk, book, written.resource_id)
    assert changes(book, since) == [("a", True)]
    assert modseq == modseq_of(book) == since + 1
