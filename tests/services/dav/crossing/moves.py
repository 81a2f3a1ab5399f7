"""What the user may try: every method and every report, with whatever he might guess."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import TypeVar
from xml.sax.saxutils import escape

from groupware.dav.handlers.report import REPORTS
from groupware.dav.names import DECLARATIONS, apple, caldav, carddav, dav, split_name
from groupware.dav.names import element as write
from groupware.dav.properties import LIVE
from tests.services.dav.client import url_of
from tests.services.dav.crossing.world import LOCK, World, card, event

_T = TypeVar("_T")
_DECLARED = DECLARATIONS.decode()
NOTES = "{urn:notes}note"
ALL_NAMES = sorted([*LIVE, NOTES])
FACES = (
    dav("displayname"),
    apple("calendar-color"),
    apple("calendar-order"),
    caldav("calendar-description"),
    carddav("addressbook-description"),
)
_FILTER = (
    '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">{}'
    "</C:comp-filter></C:comp-filter></C:filter>"
)
_TEXT = '<C:prop-filter name="{}"><C:text-match>{}</C:text-match></C:prop-filter>'
_RANGE = '<C:time-range start="20260101T000000Z" end="20270101T000000Z"/>'
_PRIVILEGES = ("D:all", "D:read", "D:write", "C:read-free-busy")


@dataclass
class Move:
    """One request."""

    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def said(self) -> bytes:
        """All that the user says by it, which is known to him."""
        told = "\n".join([self.path, *self.headers.values()])
        return told.encode("utf-8", "replace") + self.body


class Chooser:
    """Chooses moves evenly: each number stands for one, so that a sequence of them shrinks."""

    def __init__(self, world: World, seed: int, number: int) -> None:
        self._world = world
        self._random = Random(f"{seed} {number}")

    def move(self) -> Move:
        """Return a request."""
        kinds: list[Callable[[], Move]] = [
            *[self._read, self._remove, self._put, self._transfer] * 2,
            self._ask,
            self._ask,
            self._whole,
            self._patch,
            self._patch,
            lambda: Move(self._one(["MKCOL", "MKCALENDAR"]), self._path()),
            lambda: _lock(self._path(), self._depth(), self._condition()),
            self._unlock,
            lambda: _acl(self._place(), self._one(self._world.paths), self._one(_PRIVILEGES)),
            lambda: _delegate(self._path(), self._one(self._world.paths)),
            lambda: Move(self._one(["OPTIONS", "PATCH"]), self._path()),
            self._post,
            *[self._report] * 3,
        ]
        return self._one(kinds)()

    def _one(self, of: Sequence[_T]) -> _T:
        return self._random.choice(of)

    def _path(self) -> str:
        world = self._world
        return self._one(self._one([world.near, world.near, world.near, world.paths]))

    def _member(self) -> str:
        members = [path for path in self._world.near if not path.endswith("/")]
        return self._one(members) if self._random.random() < 0.9 else self._path()

    def _place(self) -> str:
        places = [path for path in self._world.near if path.endswith("/")]
        return self._one(places) if self._random.random() < 0.9 else self._path()

    def _depth(self) -> str:
        return self._one(["0", "1", "1", "infinity"])

    def _condition(self) -> dict[str, str]:
        hint = self._one(self._world.hints)
        conditions = (
            {"If_None_Match": "*"},
            {"If_Match": "*"},
            {"If": f"(<{hint}>)"},
            {"If_Match": f'"{hint}"'},
        )
        return self._one(conditions) if self._random.random() < 0.2 else {}

    def _read(self) -> Move:
        return Move(self._one(["GET", "HEAD"]), self._member(), headers=self._condition())

    def _remove(self) -> Move:
        return Move("DELETE", self._member(), headers=self._condition())

    def _put(self) -> Move:
        path = self._member()
        uid = self._world.uids.get(path, f"mine-{self._random.randrange(5)}")
        if self._random.random() < 0.3:
            uid = self._one(sorted(set(self._world.uids.values())))
        is_card = path in self._world.cards
        body = card(uid, "Mine") if is_card else event(uid, "Mine", "Here", "PUBLIC")
        kind = "text/vcard" if is_card else "text/calendar"
        return Move("PUT", path, body, {**self._condition(), "Content_Type": kind})

    def _post(self) -> Move:
        return replace(self._put(), method="POST", path=self._place())

    def _transfer(self) -> Move:
        path, cards = self._member(), self._world.cards
        alike = [
            p for p in self._world.near if not p.endswith("/") and (p in cards) == (path in cards)
        ]
        to = self._one(alike) if self._random.random() < 0.8 else self._path()
        headers = {**self._condition(), "Destination": url_of(to)}
        if self._random.random() < 0.2:
            headers["Depth"] = self._depth()
        return Move(self._one(["COPY", "MOVE"]), path, headers=headers)

    def _ask(self) -> Move:
        path = self._one([self._path(), self._one(self._world.homes)])
        return propfind(path, self._depth(), self._one(["all", "names", "each"]))

    def _whole(self) -> Move:
        """Take, move or copy a whole collection."""
        headers = {"Destination": url_of(self._place())}
        return Move(self._one(["DELETE", "MOVE", "COPY"]), self._place(), headers=headers)

    def _patch(self) -> Move:
        """Set one of what a collection shows, of what nobody knows, or of all there is."""
        name = self._one([*FACES, *FACES, NOTES, self._one(ALL_NAMES)])
        path = self._place() if name in FACES else self._path()
        return _proppatch(path, name, self._one(["Mine", "7"]))

    def _unlock(self) -> Move:
        token = self._one(self._world.hints)
        return Move("UNLOCK", self._member(), headers={"Lock_Token": f"<{token}>"})

    def _report(self) -> Move:
        name = self._one(sorted(REPORTS))
        hrefs = [self._path() for _ in range(3)]
        prop = self._one(["SUMMARY", "LOCATION", "UID", "DESCRIPTION"])
        return report(name, self._place(), self._one(self._world.hints), hrefs, prop)


def propfind(path: str, depth: str, what: str) -> Move:
    """Return a PROPFIND of all that is told unasked, of names, or of each property by its name."""
    asked = {
        "all": "<D:allprop/>",
        "names": "<D:propname/>",
        "each": f"<D:prop>{_names(ALL_NAMES)}</D:prop>",
    }[what]
    body = f"<D:propfind {_DECLARED}>{asked}</D:propfind>".encode()
    return Move("PROPFIND", path, body, {"Depth": depth})


def _names(names: list[str]) -> str:
    return b"".join(map(write, names)).decode()


def _proppatch(path: str, name: str, value: str) -> Move:
    namespace, local = split_name(name)
    body = (
        f'<D:propertyupdate xmlns:D="DAV:" xmlns:x="{namespace}"><D:set><D:prop>'
        f"<x:{local}>{value}</x:{local}></D:prop></D:set></D:propertyupdate>"
    )
    return Move("PROPPATCH", path, body.encode())


def _delegate(path: str, who: str) -> Move:
    members = f"<D:group-member-set><D:href>{url_of(who)}</D:href></D:group-member-set>"
    body = (
        f"<D:propertyupdate {_DECLARED}><D:set><D:prop>{members}</D:prop></D:set>"
        "</D:propertyupdate>"
    )
    return Move("PROPPATCH", path, body.encode())


def _lock(path: str, depth: str, condition: dict[str, str]) -> Move:
    is_new = "If" not in condition
    return Move("LOCK", path, LOCK.encode() if is_new else b"", {**condition, "Depth": depth})


def _acl(path: str, who: str, privilege: str) -> Move:
    body = (
        f"<D:acl {_DECLARED}><D:ace><D:principal><D:href>{url_of(who)}</D:href></D:principal>"
        f"<D:grant><D:privilege><{privilege}/></D:privilege></D:grant></D:ace></D:acl>"
    )
    return Move("ACL", path, body.encode())


def report(name: str, path: str, hint: str, hrefs: list[str], prop: str) -> Move:
    """Return a report of a name, with everything in it that any of them takes."""
    _, local = split_name(name)
    asked = "<D:getetag/><D:owner/><C:calendar-data/><CR:address-data/>" + _names([NOTES])
    match = f"<D:match>{hint[:3]}</D:match>"
    inner = f"<D:prop>{asked}</D:prop>" + {
        "sync-collection": f"<D:sync-token>{escape(hint)}</D:sync-token><D:sync-level>1"
        "</D:sync-level>",
        "calendar-query": _FILTER.format(_TEXT.format(prop, hint[:2])),
        "addressbook-query": "<CR:filter/>",
        "free-busy-query": _RANGE,
        "principal-property-search": "<D:property-search><D:prop><D:displayname/></D:prop>"
        f"{match}</D:property-search>",
        "principal-match": "<D:principal-property><D:owner/></D:principal-property>",
        "expand-property": "".join(
            f'<D:property name="{which}"><D:property name="displayname"/></D:property>'
            for which in ("owner", "acl", "group-member-set", "group-membership")
        ),
    }.get(local, "".join(f"<D:href>{escape('/dav' + href)}</D:href>" for href in hrefs))
    body = write(name, inner.encode(), f" {_DECLARED}")
    return Move("REPORT", path, body, {"Depth": "1" if "query" in local else "0"})
