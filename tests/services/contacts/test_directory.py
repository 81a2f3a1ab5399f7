"""The directory: cards that follow accounts, groups and rooms, and what a sync of them costs."""

from collections.abc import Sequence

import pytest
from pytest_django import DjangoAssertNumQueries

from contacts.models import Directory, DirectoryCard
from contacts.queries import directory as queries
from contacts.queries import search_contacts
from contacts.services.directory import refresh_all, refresh_directory
from contacts.vcard.cards import Card, read_card
from contacts.vcard.filters import Filter, PropFilter
from contacts.vcard.limits import CardLimits
from contacts.vcard.matching import TextMatch
from contacts.vcard.media import read_media
from groupware.core import db, directory
from groupware.core.clock import epoch, now
from groupware.core.directory import NewAccount
from groupware.core.models import Account, Domain, GroupMember
from groupware.core.synctokens import parse_sync_token
from tests.services.store import create

pytestmark = pytest.mark.django_db
JPEG = b"\xff\xd8\xff\xe0 a picture"


def cards(domain: Domain) -> dict[str, Card]:
    """Return the cards of a domain as they are now, by full name."""
    refresh_directory(domain.pk)
    hrefs = [row.href for row in queries.list_entries(domain.pk)]
    stored = queries.read_entries(domain.pk, hrefs)
    return {(card := read_card(each.data)).full_name: card for each in stored.values()}


def modseq(domain: Domain) -> int:
    refresh_directory(domain.pk)
    info = queries.find_directory(domain.pk)
    assert info is not None
    return info.highest_modseq


def changes(domain: Domain, since: int) -> Sequence[tuple[str, bool]]:
    refresh_directory(domain.pk)
    rows = queries.list_entry_changes(domain.pk, since)
    return [(row.href, row.etag is not None) for row in rows]


def test_everybody_has_a_card_with_their_addresses(domain: Domain) -> None:
    create("ann@example.test", name="Ann Maria Example")
    create("bare@example.test")
    directory.create_address("zoe@example.test", ["ann@example.test"])
    directory.create_address("a@example.test", ["ann@example.test"])
    directory.create_address("team@example.test", ["ann@example.test", "bare@example.test"])
    directory.create_address("@example.test", ["ann@example.test"])
    found = cards(domain)
    ann = found["Ann Maria Example"]
    assert ann.mails == ("ann@example.test", "a@example.test", "zoe@example.test")
    assert (ann.name.family, ann.name.given) == (("Example",), ("Ann Maria",))
    assert (ann.kind, ann.version) == ("individual", "3.0")
    assert found["bare@example.test"].mails == ("bare@example.test",)


def test_rooms_and_equipment_have_cards_of_their_kinds(domain: Domain) -> None:
    create("r1@example.test", name="Room 1", kind="room")
    create("beamer@example.test", name="Beamer", kind="equipment")
    create("sales@example.test", name="Sales", kind="shared")
    kinds = {name: card.kind for name, card in cards(domain).items()}
    assert kinds == {"Room 1": "location", "Beamer": "device", "Sales": "individual"}


def test_groups_have_cards_with_their_members(domain: Domain, ann: Account) -> None:
    directory.create_domain("other.test")
    create("eve@other.test")
    directory.create_group("all@example.test", description="Everybody")
    directory.create_group("few@example.test")
    for member in ("ann@example.test", "few@example.test", "eve@other.test"):
        directory.add_member("all@example.test", member)
    found = cards(domain)
    group = found["Everybody"]
    assert (group.kind, found["few"].kind) == ("group", "group")
    assert group.mails == ("all@example.test",)
    uids = {name: card.uid for name, card in found.items()}
    assert set(group.members) == {
        f"urn:uuid:{uids['ann@example.test']}",
        f"urn:uuid:{uids['few']}",
        "mailto:eve@other.test",
    }


def test_a_group_has_all_of_its_members_however_many(domain: Domain, ann: Account) -> None:
    other = directory.create_domain("other.test")
    group = directory.create_group("all@example.test", description="Everybody")
    count = CardLimits().lines + 1
    made = [Account(login=f"{n}@other.test", domain=other, created_at=now()) for n in range(count)]
    found = Account.objects.bulk_create(made)
    GroupMember.objects.bulk_create(GroupMember(group=group, account=each) for each in found)
    refresh_directory(domain.pk)
    (stored,) = queries.query_entries(
        domain.pk, Filter((PropFilter("FN", texts=(TextMatch("everybody"),)),))
    )
    assert stored.data.count(b"X-ADDRESSBOOKSERVER-MEMBER:") == count
    assert [row.full_name for row in search_contacts(ann.pk, "everybody")] == ["Everybody"]


def test_a_photo_is_shown_and_follows(domain: Domain, ann: Account) -> None:
    before = modseq(domain)
    directory.set_photo(ann.login, JPEG)
    assert changes(domain, before) == [(f"account-{ann.pk}.vcf", True)]
    (line,) = (line for line in cards(domain)[ann.login].lines if line.name == "PHOTO")
    assert read_media(line).octets() == JPEG
    assert read_media(line).media_type == "image/jpeg"
    directory.remove_photo(ann.login)
    assert not cards(domain)[ann.login].has_photo


def test_a_domain_sees_its_own_alone(domain: Domain, ann: Account) -> None:
    other = directory.create_domain("other.test")
    create("eve@other.test")
    assert list(cards(domain)) == ["ann@example.test"]
    assert list(cards(other)) == ["eve@other.test"]


def test_cards_follow_and_only_what_changed_is_told(domain: Domain, ann: Account) -> None:
    create("ben@example.test", name="Ben")
    before = modseq(domain)
    assert changes(domain, before) == []
    assert modseq(domain) == before
    directory.create_address("a@example.test", ["ann@example.test"])
    assert changes(domain, before) == [(f"account-{ann.pk}.vcf", True)]
    ben = directory.get_account("ben@example.test")
    after = modseq(domain)
    directory.set_active("ben@example.test", active=False)
    assert changes(domain, after) == [(f"account-{ben.pk}.vcf", False)]
    directory.set_active("ben@example.test", active=True)
    assert changes(domain, after) == [(f"account-{ben.pk}.vcf", True)]
    directory.rename_account("ben@example.test", "benno@example.test")
    assert cards(domain)["Ben"].mails == ("benno@example.test", "ben@example.test")
    directory.delete_account("benno@example.test")
    assert list(cards(domain)) == ["ann@example.test"]


def test_a_first_sync_can_be_told_in_pieces(domain: Domain) -> None:
    for name in "abcde":
        create(f"{name}@example.test")
    last, told = 0, 0
    refresh_directory(domain.pk)
    while rows := queries.list_entry_changes(domain.pk, last, 2):
        assert len(rows) <= 2
        last, told = rows[-1].modseq, told + len(rows)
    assert (last, told) == (modseq(domain), 5)


def test_what_was_known_and_what_is_told_is_what_is_there(domain: Domain, ann: Account) -> None:
    refresh_directory(domain.pk)
    known = dict(queries.list_entry_etags(domain.pk))
    since = modseq(domain)
    create("ben@example.test")
    directory.create_group("all@example.test")
    directory.delete_account("ann@example.test")
    refresh_directory(domain.pk)
    for row in queries.list_entry_changes(domain.pk, since):
        if row.etag is None:
            known.pop(row.href, None)
        else:
            known[row.href] = row.etag
    assert known == dict(queries.list_entry_etags(domain.pk))


def test_a_refresh_that_finds_nothing_new_writes_nothing(
    domain: Domain, ann: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    refresh_directory(domain.pk)
    with django_assert_num_queries(6):
        refresh_directory(domain.pk)


def test_a_token_says_what_is_known(domain: Domain, ann: Account) -> None:
    refresh_directory(domain.pk)
    info = queries.find_directory(domain.pk)
    assert info is not None
    point = parse_sync_token(info.sync_token, info.object_id, info.token_epoch)
    assert point is not None
    assert (point.modseq, info.items, info.domain) == (info.highest_modseq, 1, "example.test")


def test_one_card_is_read_by_its_href(domain: Domain, ann: Account) -> None:
    refresh_directory(domain.pk)
    href = f"account-{ann.pk}.vcf"
    row, stored = queries.find_entry(domain.pk, href), queries.read_entry(domain.pk, href)
    assert row is not None
    assert stored is not None
    assert (row.etag, row.size, row.component) == (stored.etag, len(stored.data), "VCARD")
    assert queries.find_entries(domain.pk, [href, "none"]) == {href: row}
    assert queries.find_entries_by_ids(domain.pk, [row.resource_id, 0]) == [row]
    assert queries.read_entries_by_ids(domain.pk, [row.resource_id]) == [stored]
    room = db.Room(1, (2,))
    assert queries.read_entries(domain.pk, ["none", href], room) == {href: stored}
    assert room.is_full
    assert queries.find_entry(domain.pk, "none") is None
    assert queries.read_entry(domain.pk, "none") is None


def test_cards_are_found_by_filters_and_by_words(
    domain: Domain, ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    for name in ("Jörg A", "Jörg B", "Cleo"):
        create(f"{name[-1].lower()}@example.test", name=name)
    refresh_directory(domain.pk)

    def found(*props: PropFilter) -> list[str]:
        stored = queries.query_entries(domain.pk, Filter(props))
        return [read_card(each.data).full_name for each in stored]

    assert found(PropFilter("FN", texts=(TextMatch("JÖRG"),))) == ["Jörg A", "Jörg B"]
    assert len(found()) == 4
    monkeypatch.setattr(queries, "PAGE_OCTETS", 1)
    assert len(found()) == 4
    assert found(PropFilter("EMAIL", texts=(TextMatch("a@", match_type="starts-with"),))) == [
        "Jörg A"
    ]
    words = [
        read_card(each.data).full_name for each in queries.search_entries(domain.pk, "jörg b@", 9)
    ]
    assert words == ["Jörg B"]
    assert queries.search_entries(domain.pk, " ", 9) == []
    assert len(queries.search_entries(domain.pk, "example", 2)) == 2


def test_what_is_long_gone_is_forgotten_and_the_floor_says_so(
    domain: Domain, ann: Account, ben: Account
) -> None:
    refresh_directory(domain.pk)
    directory.delete_account("ben@example.test")
    assert refresh_all() == 1
    assert DirectoryCard.objects.filter(is_gone=True).count() == 1
    gone = DirectoryCard.objects.get(is_gone=True)
    assert bytes(gone.data) == b""
    DirectoryCard.objects.filter(is_gone=True).update(changed_at=epoch() - 91 * 86_400)
    refresh_all()
    assert not DirectoryCard.objects.filter(is_gone=True).exists()
    assert Directory.objects.get().floor == gone.modseq
    assert list(cards(domain)) == ["ann@example.test"]


def test_a_domain_that_is_gone_has_no_directory(domain: Domain) -> None:
    refresh_directory(domain.pk)
    directory.delete_domain("example.test")
    refresh_directory(domain.pk)
    assert queries.find_directory(domain.pk) is None
    assert not Directory.objects.exists()


def test_names_that_a_card_escapes_are_kept(domain: Domain) -> None:
    directory.create_account(NewAccount("a@example.test", name="Semi; Colon, Back\\slash"))
    card = cards(domain)["Semi; Colon, Back\\slash"]
    assert card.name.given == ("Semi; Colon,",)
