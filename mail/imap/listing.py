r"""Which names LIST tells, and with which attributes (RFC 5258 §3, RFC 6154 §2). Pure.

A name is told because it meets the selection's criteria, or because one below it does that the
pattern keeps back: RECURSIVEMATCH asks for those above, and a level that is no mailbox of its own
is told in any case, where nothing but the pattern selects. Children are always told of, since
they cost nothing here.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from mail.names import DELIMITER


class Selection(Enum):
    """What LIST is to select by (RFC 5258 §3.1, RFC 6154 §2); nothing here is remote."""

    SUBSCRIBED = "SUBSCRIBED"
    REMOTE = "REMOTE"
    RECURSIVEMATCH = "RECURSIVEMATCH"
    SPECIAL_USE = "SPECIAL-USE"


class Returned(Enum):
    """What LIST is to tell of each name (RFC 5258 §3.2, RFC 6154 §2, RFC 8440)."""

    SUBSCRIBED = "SUBSCRIBED"
    CHILDREN = "CHILDREN"
    SPECIAL_USE = "SPECIAL-USE"
    MYRIGHTS = "MYRIGHTS"


@dataclass(frozen=True, slots=True)
class Held:
    """A mailbox that is there, or the name that is left of one (not `selectable`)."""

    name: str
    selectable: bool = True
    special_use: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """One LIST response.

    `meets` says that the name itself meets the criteria, `child_info` that one below it does
    and is to be told of (RFC 5258 §3.5).
    """

    name: str
    attributes: tuple[str, ...]
    meets: bool
    child_info: bool


class Listing:
    """The names that an account may know of, as one LIST looks at them."""

    def __init__(
        self,
        held: Sequence[Held],
        subscribed: Collection[str],
        selection: Collection[Selection] = (),
        *,
        with_subscribed: bool = False,
    ) -> None:
        """Select from what is there; the SUBSCRIBED selection implies `with_subscribed`."""
        self._held = {mailbox.name: mailbox for mailbox in held}
        self._subscribed = subscribed
        self._only_subscribed = Selection.SUBSCRIBED in selection
        self._only_special = Selection.SPECIAL_USE in selection
        self._recursive = Selection.RECURSIVEMATCH in selection
        self._with_subscribed = with_subscribed or self._only_subscribed
        self._parents = _all_above(self._held)

    def choose(self, matches: Callable[[str], bool]) -> list[Told]:
        """Return what is to be told, INBOX first, then by name."""
        meeting = set(self._list_meeting())
        chosen = set(filter(matches, meeting))
        above = _all_above(meeting) if self._recursive else set()
        levels = set(filter(matches, self._list_levels(meeting, chosen)))
        return [
            Told(name, self._attributes(name), name in chosen, name in above)
            for name in sorted(chosen | levels, key=lambda name: (name != "INBOX", name))
        ]

    def _list_meeting(self) -> Iterable[str]:
        names: Iterable[str] = self._subscribed if self._only_subscribed else self._held
        if not self._only_special:
            return names
        return (name for name in names if (h := self._held.get(name)) and h.special_use)

    def _list_levels(self, meeting: set[str], chosen: set[str]) -> set[str]:
        """Return the names that are told only for what is below them and is not told itself."""
        if self._recursive or not (self._only_subscribed or self._only_special):
            return _all_above(meeting - chosen) - meeting
        return set()

    def _attributes(self, name: str) -> tuple[str, ...]:
        mailbox = self._held.get(name)
        found = []
        if mailbox is None:
            found.append("\\NonExistent")
        elif not mailbox.selectable:
            found.append("\\Noselect")
        if self._with_subscribed and name in self._subscribed:
            found.append("\\Subscribed")
        found.append("\\HasChildren" if name in self._parents else "\\HasNoChildren")
        if mailbox is not None and mailbox.special_use:
            found.append(f"\\{mailbox.special_use}")
        return tuple(found)


def _all_above(names: Iterable[str]) -> set[str]:
    """Return every name above one of these; each is climbed from once."""
    found: set[str] = set()
    for name in names:
        above = name.rpartition(DELIMITER)[0]
        while above and above not in found:
            found.add(above)
            above = above.rpartition(DELIMITER)[0]
    return found
