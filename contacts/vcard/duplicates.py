"""Which cards may be of one person: by name, mail address and phone number. Pure.

A name alone makes two cards alike, unless their birthdays differ. A shared address or number does
where the names do not contradict: a family shares a telephone, a team an address.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from contacts.vcard.keys import alike_phone, name_key

SHARED_BY_MANY = 10
"""Cards from which on an address or a number is a team's, and says nothing of a person."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is compared of a card."""

    full_name: str
    mails: tuple[str, ...]
    phones: tuple[str, ...]
    birthday: str


@dataclass(frozen=True, slots=True)
class Alike:
    """Cards that may be of one person, by their places, and what they share."""

    places: tuple[int, ...]
    reasons: tuple[str, ...]


def find_alike(cards: Sequence[Candidate]) -> list[Alike]:
    """Return the sets of cards that may be of one person. Costs by the number of cards."""
    finder = _Finder(cards)
    finder.by_names()
    finder.by_values("mail", [[key for key in card.mails if key] for card in cards])
    finder.by_values("phone", [[alike_phone(key) for key in card.phones] for card in cards])
    return finder.result()


class _Finder:
    def __init__(self, cards: Sequence[Candidate]) -> None:
        self._cards = cards
        self._names = [_name(card) for card in cards]
        self._parents = list(range(len(cards)))
        self._reasons: list[tuple[int, str]] = []

    def by_names(self) -> None:
        """Join cards of one name; those whose birthdays differ are of others of that name."""
        same: dict[tuple[str, str], list[int]] = defaultdict(list)
        days: dict[str, set[str]] = defaultdict(set)
        for place, name in enumerate(self._names):
            if name:
                same[name, self._cards[place].birthday].append(place)
                days[name].add(self._cards[place].birthday)
        for name, known in days.items():
            if not _differ(known):
                merged = sorted(place for day in known for place in same.pop((name, day)))
                same[name, ""] = merged
        for (name, _), places in same.items():
            for place in places[1:]:
                self._join(places[0], place, f"name {name}")

    def by_values(self, what: str, keys: Sequence[Iterable[str]]) -> None:
        """Join cards that share one of these and whose names do not contradict."""
        holders: dict[str, list[int]] = defaultdict(list)
        for place, own in enumerate(keys):
            for key in set(own) - {""}:
                holders[key].append(place)
        for key, places in sorted(holders.items()):
            if len(places) <= SHARED_BY_MANY:
                for one, other in combinations(places, 2):
                    if self._agree(one, other):
                        self._join(one, other, f"{what} {key}")

    def result(self) -> list[Alike]:
        """Return the sets of two and more, in the order of their first cards."""
        sets: dict[int, list[int]] = defaultdict(list)
        reasons: dict[int, dict[str, None]] = defaultdict(dict)
        for place in range(len(self._cards)):
            sets[self._root(place)].append(place)
        for place, reason in self._reasons:
            reasons[self._root(place)][reason] = None
        return [
            Alike(tuple(places), tuple(reasons[root]))
            for root, places in sets.items()
            if len(places) > 1
        ]

    def _agree(self, one: int, other: int) -> bool:
        first, second = self._cards[one], self._cards[other]
        if _differ({first.birthday, second.birthday}):
            return False
        return _names_agree(self._names[one].split(), self._names[other].split())

    def _join(self, one: int, other: int, reason: str) -> None:
        self._parents[self._root(other)] = self._root(one)
        self._reasons.append((one, reason))

    def _root(self, place: int) -> int:
        while self._parents[place] != place:
            self._parents[place] = self._parents[self._parents[place]]
            place = self._parents[place]
        return place


def _name(card: Candidate) -> str:
    """Return the key of a name; none where the card is called by its address or number."""
    name = card.full_name
    return "" if "@" in name or not any(map(str.isalpha, name)) else name_key(name)


def _differ(birthdays: set[str]) -> bool:
    """Whether these cannot be of one person; `--02-29` is any year's, "" any day."""
    days = {day[-5:] for day in birthdays if day}
    years = {day for day in birthdays if day and not day.startswith("--")}
    return len(days) > 1 or len(years) > 1


def _names_agree(one: list[str], other: list[str]) -> bool:
    """Whether each word of the shorter name is one of the longer, or an initial and its word."""
    rest = Counter(one) - Counter(other)
    left = list((Counter(other) - Counter(one)).elements())
    if rest.total() > len(left):
        rest, left = Counter(left), list(rest.elements())
    for word in rest.elements():
        found = next((each for each in left if _is_initial(word, each)), None)
        if found is None:
            return False
        left.remove(found)
    return True


def _is_initial(one: str, other: str) -> bool:
    return 1 in {len(one), len(other)} and one[0] == other[0]
