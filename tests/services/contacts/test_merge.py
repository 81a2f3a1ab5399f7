"""Merging cards: what is found, what is planned, and that it is done so or not at all."""

from pathlib import Path

import pytest
from django.core.management import CommandError

from contacts import queries
from contacts.services import merge
from contacts.services.cards import put_card
from contacts.vcard.cards import read_card
from groupware.core import directory, limits
from groupware.core.errors import Invalid, NotFound, Stale
from groupware.core.models import Account, Tombstone
from groupware.core.resources.moving import Place
from groupware.core.resources.queries import read_data
from tests.commands.running import call, call_json
from tests.conftest import SetLimit
from tests.services.contacts.cards import put
from tests.services.store import state_of

pytestmark = pytest.mark.django_db

KIND = "X-ADDRESSBOOKSERVER-KIND:group"


@pytest.fixture
def filled(ann: Account, book: int) -> int:
    """Return a book in which three cards are of one person, and a group has two of them."""
    put(ann, book, "Cleo Clark", "TEL:0301234567", uid="a")
    put(ann, book, "Clark Cleo", "EMAIL:c@x.test", f"NOTE:{'long ' * 20}", uid="b")
    put(ann, book, "C. Clark", "TEL:+49 30 1234567", uid="c")
    put(ann, book, "Ben", "TEL:0307654321", uid="d")
    members = [f"X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:{uid}" for uid in "acd"]
    put(ann, book, "Team", KIND, *members)
    return book


def names(book: int) -> list[str]:
    return [row.full_name for row in queries.list_cards(book)]


def test_cards_of_one_person_are_found_the_fullest_first(filled: int) -> None:
    (found,) = merge.find_duplicates(filled)
    assert found.hrefs == ["Clark Cleo.vcf", "Cleo Clark.vcf", "C. Clark.vcf"]
    assert found.reasons == ("name clark cleo", "phone 301234567")


def test_a_group_that_is_too_large_by_now_ends_the_merge_with_a_reason(
    ann: Account, filled: int, set_limit: SetLimit
) -> None:
    put(ann, filled, "Large", KIND, f"NOTE:{'x' * 20_000}", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:b")
    set_limit(limits.RESOURCE_SIZE, 16 << 10)
    with pytest.raises(Invalid, match="octets"):
        merge.plan_merge(filled, ["Cleo Clark.vcf", "Clark Cleo.vcf"])


def test_groups_are_never_duplicates(ann: Account, book: int) -> None:
    put(ann, book, "Team", KIND)
    put_card(
        Place(ann.pk, book, "b"), read_data_of(ann, book, "Team.vcf").replace(b"UID:", b"UID:x")
    )
    assert merge.find_duplicates(book) == []


def read_data_of(account: Account, book: int, href: str) -> bytes:
    stored = read_data(book, href)
    assert stored is not None
    return stored.data


def test_a_merge_is_done_as_it_was_planned(ann: Account, filled: int) -> None:
    (found,) = merge.find_duplicates(filled)
    plan = merge.plan_merge(filled, found.hrefs)
    before = state_of(ann)
    merge.carry_out(ann.pk, plan)
    assert names(filled) == ["Ben", "Clark Cleo", "Team"]
    card = read_card(read_data_of(ann, filled, "Clark Cleo.vcf"))
    assert (card.uid, card.mails, card.phones) == ("b", ("c@x.test",), ("0301234567",))
    team = read_card(read_data_of(ann, filled, "Team.vcf"))
    assert team.members == ("urn:uuid:b", "urn:uuid:d")
    gone = {row.href for row in Tombstone.objects.filter(collection_id=filled)}
    assert gone == {"C. Clark.vcf", "Cleo Clark.vcf"}
    assert state_of(ann).items_used == before.items_used - 2
    assert merge.find_duplicates(filled) == []


def test_a_plan_writes_nothing(ann: Account, filled: int) -> None:
    before = state_of(ann).next_modseq
    merge.plan_merge(filled, ["Ben.vcf", "C. Clark.vcf"])
    assert state_of(ann).next_modseq == before


@pytest.mark.parametrize("changed", ["Cleo Clark", "Team"])
def test_what_was_changed_meanwhile_is_not_merged(ann: Account, filled: int, changed: str) -> None:
    plan = merge.plan_merge(filled, ["Clark Cleo.vcf", "Cleo Clark.vcf"])
    uid = "a" if changed == "Cleo Clark" else ""
    put(ann, filled, changed, "NOTE:new", uid=uid)
    with pytest.raises(Stale):
        merge.carry_out(ann.pk, plan)
    assert len(names(filled)) == 5


def test_a_full_account_can_be_merged_in(ann: Account, filled: int) -> None:
    directory.set_quota(ann.login, state_of(ann).bytes_used)
    merge.carry_out(ann.pk, merge.plan_merge(filled, ["Clark Cleo.vcf", "Cleo Clark.vcf"]))
    assert len(names(filled)) == 4


@pytest.mark.parametrize(
    ("hrefs", "error"),
    [
        (["Ben.vcf"], Invalid),
        (["Ben.vcf", "Ben.vcf"], Invalid),
        (["Ben.vcf", "Team.vcf"], Invalid),
        (["Ben.vcf", "none.vcf"], NotFound),
        ([f"{number}.vcf" for number in range(51)], Invalid),
    ],
)
def test_what_cannot_be_merged_is_refused(
    filled: int, hrefs: list[str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        merge.plan_merge(filled, hrefs)


def test_cards_that_were_put_before_a_limit_was_lowered_are_not_merged(
    filled: int, set_limit: SetLimit
) -> None:
    set_limit(limits.RESOURCE_SIZE, 100)
    with pytest.raises(Invalid, match="cannot become one: The card has"):
        merge.plan_merge(filled, ["Ben.vcf", "C. Clark.vcf"])


def test_a_card_without_a_uid_takes_that_of_the_other(ann: Account, book: int) -> None:
    bare = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\nEND:VCARD\r\n"
    put_card(Place(ann.pk, book, "a.vcf"), bare)
    put(ann, book, "Ann", uid="u")
    put(ann, book, "Team", KIND, "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:u")
    plan = merge.plan_merge(book, ["a.vcf", "Ann.vcf"])
    assert plan.groups == {}
    merge.carry_out(ann.pk, plan)
    assert b"UID:u\r\n" in read_data_of(ann, book, "a.vcf")


BOOK = "ann@example.test/addressbooks/Contacts"


def test_the_command_lists_duplicates(filled: int) -> None:
    lines = call("contacts", "duplicates", BOOK).splitlines()
    assert lines[0].split() == ["NAME", "CARDS", "SAME"]
    assert "Clark Cleo.vcf, Cleo Clark.vcf, C. Clark.vcf" in lines[1]
    assert lines[-1].startswith("1 person has several cards")
    assert call_json("contacts", "duplicates", BOOK) == [
        {
            "cards": ["Clark Cleo.vcf", "Cleo Clark.vcf", "C. Clark.vcf"],
            "reasons": ["name clark cleo", "phone 301234567"],
        }
    ]


def test_the_command_shows_a_merge_field_by_field_and_does_it_with_yes(filled: int) -> None:
    text = call("contacts", "merge", BOOK)
    lines = text.splitlines()
    assert lines[0] == "2 Cleo Clark.vcf, 3 C. Clark.vcf into 1 Clark Cleo.vcf"
    assert ["EMAIL", "c@x.test", "1"] in [line.split() for line in lines]
    assert "Left out, since a card has it once:" in lines
    assert "Groups that follow: Team.vcf" in lines
    assert lines[-1] == "Nothing is written yet: the same with --yes does it."
    assert len(names(filled)) == 5
    answer = call_json("contacts", "merge", BOOK)
    assert answer["merged"] is False
    assert answer["plans"][0]["into"] == "Clark Cleo.vcf"
    assert {"name": "EMAIL", "types": [], "value": "c@x.test", "of": ["Clark Cleo.vcf"]} in (
        answer["plans"][0]["fields"]
    )
    assert call("contacts", "merge", BOOK, "--yes").splitlines()[-1] == "1 card made of 3."
    assert len(names(filled)) == 3
    assert call("contacts", "merge", BOOK) == ("No two cards look as if they were of one person.")
    assert call("contacts", "duplicates", BOOK) == (
        "No two cards look as if they were of one person."
    )


def test_the_command_merges_the_cards_named(filled: int) -> None:
    answer = call_json("contacts", "merge", BOOK, "Ben.vcf", "C. Clark.vcf", "--yes")
    assert answer["merged"] is True
    assert names(filled) == ["Ben", "Clark Cleo", "Cleo Clark", "Team"]


def test_the_command_says_what_hindered_a_merge(
    filled: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_account_id: int, _plan: merge.Plan) -> None:
        raise Stale("A card was changed meanwhile: look again.")

    monkeypatch.setattr(merge, "carry_out", refuse)
    with pytest.raises(CommandError, match=r"0 of 1 merged; Clark Cleo\.vcf: A card was changed"):
        call("contacts", "merge", BOOK, "--yes")


def test_the_command_wants_an_address_book(ann: Account, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is no address book"):
        call("contacts", "duplicates", "ann@example.test/mail/INBOX")
