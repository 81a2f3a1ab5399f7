"""Making one card of several: which may be of one person, what they become, and doing it.

A plan is what is shown; it is carried out as it was shown, or not at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contacts import queries
from contacts.queries import CardRow
from contacts.services.cards import parse_card, put_card, remove_card
from contacts.vcard.cards import InvalidCard
from contacts.vcard.duplicates import Candidate, find_alike
from contacts.vcard.merging import Merged, follow_members, merge_cards
from groupware.core import db
from groupware.core.changes import lock_account
from groupware.core.clock import now
from groupware.core.errors import Invalid, NotFound, Stale
from groupware.core.resources.items import Written
from groupware.core.resources.moving import Place
from groupware.core.resources.queries import Stored, find_many, read_by_ids, read_many

MOST = 50
"""Cards that become one at once; of more the rest is found again."""


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Cards that may be of one person, the one with most to say first."""

    cards: tuple[CardRow, ...]
    reasons: tuple[str, ...]

    @property
    def hrefs(self) -> list[str]:
        """The hrefs of the cards."""
        return [row.href for row in self.cards]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a merge will do: `hrefs[0]` becomes `merged`, the others go, groups follow.

    `etags` are those of all that it was made of.
    """

    collection_id: int
    hrefs: tuple[str, ...]
    etags: dict[str, str]
    merged: Merged
    groups: dict[str, bytes]


def find_duplicates(collection_id: int) -> list[Duplicates]:
    """Return which cards of an address book may be of one person; groups never are."""
    with db.read_snapshot():
        rows = [row for row in queries.list_cards(collection_id) if row.kind != "group"]
    candidates = [
        Candidate(
            row.full_name,
            tuple(row.mails.splitlines()),
            tuple(row.phones.splitlines()),
            row.birthday,
        )
        for row in rows
    ]
    found = []
    for alike in find_alike(candidates):
        cards = sorted(
            (rows[place] for place in alike.places), key=lambda row: (-row.size, row.resource_id)
        )
        found.append(Duplicates(tuple(cards[:MOST]), alike.reasons))
    return found


def plan_merge(collection_id: int, hrefs: Sequence[str]) -> Plan:
    """Return what will become of cards, the first of which stays; nothing is written.

    Raises `NotFound`, and `Invalid` where they cannot become one.
    """
    _check_hrefs(hrefs)
    with db.read_snapshot():
        stored = read_many(collection_id, hrefs)
        held_groups = _read_groups(collection_id)
    if missing := [href for href in hrefs if href not in stored]:
        raise NotFound(f"There is no card {missing[0]} in the address book.")
    try:
        cards = [parse_card(stored[href].data) for href in hrefs]
        merged = merge_cards(cards, now())
        result = parse_card(merged.data)
        replaced = {card.uid: result.uid for card in cards if card.uid and result.uid != card.uid}
        groups = _follow(replaced, [each for each in held_groups if each.href not in stored])
    except InvalidCard as error:
        raise Invalid(f"These cards cannot become one: {error.text}") from error
    if len({card.kind for card in cards}) > 1:
        raise Invalid("These cards are of different kinds: a group is no person.")
    sources = [*stored.values(), *(each for each in held_groups if each.href in groups)]
    etags = {each.href: each.etag for each in sources}
    return Plan(collection_id, tuple(hrefs), etags, merged, groups)


def carry_out(account_id: int, plan: Plan) -> Written:
    """Do what a plan says, in one transaction.

    Raises `Stale` where a card was changed since it was made, and what `put_card` raises.
    """
    with db.write_transaction():
        lock_account(account_id)
        rows = find_many(plan.collection_id, list(plan.etags))
        if {href: row.etag for href, row in rows.items()} != plan.etags:
            raise Stale("A card was changed meanwhile: look again.")
        kept, *others = (Place(account_id, plan.collection_id, href) for href in plan.hrefs)
        for place in others:
            remove_card(place)
        written = put_card(kept, plan.merged.data)
        for href, data in plan.groups.items():
            put_card(Place(account_id, plan.collection_id, href), data)
        return written


def _check_hrefs(hrefs: Sequence[str]) -> None:
    if len(set(hrefs)) < len(hrefs):
        raise Invalid("A card is named twice.")
    if not 2 <= len(hrefs) <= MOST:
        raise Invalid(f"Name 2 to {MOST} cards, the one that stays first.")


def _read_groups(collection_id: int) -> list[Stored]:
    rows = queries.list_cards(collection_id, kind="group")
    return read_by_ids([row.resource_id for row in rows])


def _follow(replaced: Mapping[str, str | None], groups: Sequence[Stored]) -> dict[str, bytes]:
    """Return the groups that have one of the cards for a member, led to the one that stays."""
    uids = {old: new for old, new in replaced.items() if new is not None}
    followed = {}
    for stored in groups:
        data = follow_members(parse_card(stored.data), uids)
        if data is not None:
            followed[stored.href] = data
    return followed
