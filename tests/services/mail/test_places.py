import pytest
from pytest_django import DjangoAssertNumQueries

from groupware.core.directory import add_member, create_domain, create_group
from groupware.core.errors import Invalid, NotAllowed, NotFound
from groupware.core.models import Account, Collection
from groupware.core.rights import LETTERS, find_grantee, grant, parse_rights, revoke
from mail.places import (
    find_new_name,
    find_place,
    get_place,
    list_granted_places,
    list_places,
)
from mail.services.mailboxes import create_mailbox, rename_mailbox
from tests.services.store import collection_of, create, mailbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(ann: Account) -> Account:
    return create("team@example.test", kind="shared")


def share(owner: Account, name: str, grantee: str, rights: str = "read") -> None:
    """Grant rights on a mailbox, or without a name on the whole account."""
    collection = collection_of(owner, name) if name else None
    grant(owner, collection, find_grantee(grantee), parse_rights(rights))


def test_own_mailboxes_have_their_own_names_and_every_right(ann: Account) -> None:
    place = find_place(ann.pk, "inbox")
    assert (place.name, place.reader_id, place.rights) == ("INBOX", 0, LETTERS)
    assert place.info == mailbox(ann)


def test_a_persons_mailbox_is_found_among_other_users(ann: Account, ben: Account) -> None:
    share(ann, "INBOX", "ben@example.test")
    place = find_place(ben.pk, "Other Users/ann@example.test/inbox")
    assert place.name == "Other Users/ann@example.test/INBOX"
    assert (place.info, place.reader_id, place.rights) == (mailbox(ann), ben.pk, "lrs")


@pytest.mark.parametrize("kind", ["shared", "room", "equipment"])
def test_accounts_without_a_user_are_found_among_shared_folders(ben: Account, kind: str) -> None:
    owner = create("place@example.test", kind=kind)
    share(owner, "", "ben@example.test", "write")
    place = find_place(ben.pk, "Shared Folders/place@example.test/Archive")
    assert (place.info.account_id, place.rights) == (owner.pk, "lrswipkxte")
    with pytest.raises(NotFound):
        find_place(ben.pk, "Other Users/place@example.test/Archive")


@pytest.mark.parametrize(
    "name",
    ["Other Users", "Other Users/", "Other Users/ann@example.test", "Other Users/ann@example.test/",
     "Other Users/ann@example.test/Archive", "Other Users/ann@example.test/nothing",
     "Other Users/ben@example.test/INBOX", "Other Users/nobody@example.test/INBOX",
     "other users/ann@example.test/INBOX", "Other Users/ANN@example.test/INBOX",
     "Shared Folders/ann@example.test/INBOX", "Other Users/ann/INBOX", "nothing", ""],
)  # fmt: skip
def test_what_is_not_granted_is_not_there(ann: Account, ben: Account, name: str) -> None:
    share(ann, "INBOX", "ben@example.test", "lr")
    share(ann, "Archive", "ben@example.test", "swte")
    with pytest.raises(NotFound) as refused:
        find_place(ben.pk, name)
    assert refused.value.message == "There is no such mailbox."


@pytest.mark.parametrize("letters", ["r", "i", "k", "x", "a"])
def test_without_lookup_a_mailbox_is_there_for_what_is_granted(
    ann: Account, ben: Account, letters: str
) -> None:
    share(ann, "Archive", "ben@example.test", letters)
    place = find_place(ben.pk, "Other Users/ann@example.test/Archive")
    assert place.rights == letters
    place.require(letters)
    with pytest.raises(NotFound) as refused:
        place.require("t")
    assert refused.value.message == "There is no such mailbox."
    assert list_granted_places(ben.pk) == []


def test_an_address_may_have_a_slash(ben: Account, domain: object) -> None:
    owner = create("ops/night@example.test")
    share(owner, "INBOX", "ben@example.test")
    assert find_place(ben.pk, "Other Users/ops/night@example.test/INBOX").info == mailbox(owner)


def test_what_groups_and_domains_were_granted_counts_together(ann: Account, ben: Account) -> None:
    create_group("crew@example.test")
    add_member("crew@example.test", "ben@example.test")
    share(ann, "INBOX", "crew@example.test", "lr")
    share(ann, "", "example.test", "ls")
    share(ann, "INBOX", "ben@example.test", "w")
    assert find_place(ben.pk, "Other Users/ann@example.test/INBOX").rights == "lrsw"
    assert find_place(ben.pk, "Other Users/ann@example.test/Sent").rights == "ls"


def test_all_places_are_listed_own_ones_first(ann: Account, ben: Account, team: Account) -> None:
    create_domain("elsewhere.test")
    stranger = create("x@elsewhere.test")
    share(team, "", "example.test", "lr")
    share(team, "Archive", "ben@example.test", "i")
    share(ann, "INBOX", "ben@example.test", "lrs")
    share(ann, "Drafts", "ben@example.test", "r")
    places = list_places(ben.pk)
    assert [place.name for place in places[:6]] == [
        "INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash",
    ]  # fmt: skip
    assert {place.rights for place in places[:6]} == {LETTERS}
    granted = {place.name: place.rights for place in places[6:]}
    assert granted == {
        "Other Users/ann@example.test/INBOX": "lrs",
        "Shared Folders/team@example.test/Archive": "lri",
        **{f"Shared Folders/team@example.test/{name}": "lr"
           for name in ("Drafts", "INBOX", "Junk", "Sent", "Trash")},
    }  # fmt: skip
    assert list(granted) == sorted(granted)
    for place in places:
        assert find_place(ben.pk, place.name) == place
    assert list_granted_places(stranger.pk) == []


def test_listing_takes_as_many_queries_for_many_mailboxes(
    ann: Account, ben: Account, team: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        list_places(ben.pk)
    for owner in (ann, team):
        share(owner, "", "ben@example.test")
    with django_assert_num_queries(3):
        list_places(ben.pk)


def test_new_mailboxes_of_others_need_the_right_to_create(
    ann: Account, ben: Account, team: Account
) -> None:
    share(ann, "Archive", "ben@example.test", "lrk")
    share(ann, "INBOX", "ben@example.test", "lr")
    share(ann, "Sent", "ben@example.test", "k")
    share(ann, "Trash", "ben@example.test", "r")
    root = "Other Users/ann@example.test"
    assert find_new_name(ben.pk, "Work") == (ben.pk, "Work")
    assert find_new_name(ben.pk, f"{root}/Sent/2026") == (ann.pk, "Sent/2026")
    assert find_new_name(ben.pk, f"{root}/Archive/2026/May") == (ann.pk, "Archive/2026/May")
    assert find_new_name(ben.pk, f"{root}/Archive/2026/") == (ann.pk, "Archive/2026/")
    with pytest.raises(NotAllowed):
        find_new_name(ben.pk, f"{root}/INBOX/2026")
    share(team, "", "ben@example.test", "lk")
    name = "Shared Folders/team@example.test/New"
    assert find_new_name(ben.pk, name) == (team.pk, "New")
    revoke(team, None, find_grantee("ben@example.test"))
    # As for an account that does not exist: an own name, which the service refuses.
    nobody = "Other Users/nobody@example.test/New"
    for hidden in (name, f"{root}/New", f"{root}/Trash/New", nobody):
        assert find_new_name(ben.pk, hidden) == (ben.pk, hidden)


@pytest.mark.parametrize(
    "name", ["Other Users", "Shared Folders/", "Other Users/x/y", "Shared Folders/a@b.test/c"]
)
def test_own_mailboxes_cannot_be_made_where_others_are_found(ann: Account, name: str) -> None:
    with pytest.raises(Invalid):
        create_mailbox(ann.pk, name)
    with pytest.raises(Invalid):
        rename_mailbox(ann.pk, "Archive", name)


def test_an_own_mailbox_from_before_is_found_until_it_is_renamed(
    ann: Account, ben: Account
) -> None:
    create_mailbox(ben.pk, "Old/ann@example.test/INBOX")
    for held in Collection.objects.filter(account=ben, name__startswith="Old"):
        Collection.objects.filter(pk=held.pk).update(name=held.name.replace("Old", "Other Users"))
    name = "Other Users/ann@example.test/INBOX"
    assert find_place(ben.pk, name).reader_id == 0
    share(ann, "INBOX", "ben@example.test")
    assert find_place(ben.pk, name).reader_id == ben.pk
    rename_mailbox(ben.pk, "Other Users", "Mine")
    assert find_place(ben.pk, "Mine/ann@example.test/INBOX").reader_id == 0


def test_a_mailbox_is_found_by_its_object_id_wherever_it_is(ann: Account, ben: Account) -> None:
    assert get_place(ann.pk, mailbox(ann).object_id) == find_place(ann.pk, "INBOX")
    share(ann, "Archive", "ben@example.test")
    place = get_place(ben.pk, mailbox(ann, "Archive").object_id)
    assert place == find_place(ben.pk, "Other Users/ann@example.test/Archive")


def test_an_object_id_that_may_not_be_known_leads_nowhere(ann: Account, ben: Account) -> None:
    share(ann, "Drafts", "ben@example.test", "i")
    for object_id in (mailbox(ann).object_id, mailbox(ann, "Drafts").object_id, "nothing"):
        with pytest.raises(NotFound):
            get_place(ben.pk, object_id)
