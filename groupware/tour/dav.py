"""A calendar program of the tour: CalDAV and CardDAV, found from the server's name alone."""

from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from groupware.tour.devices import Answer, Program

DAV, CALDAV, CARDDAV = (
    "{DAV:}",
    "{urn:ietf:params:xml:ns:caldav}",
    "{urn:ietf:params:xml:ns:carddav}",
)
_ASK = (
    '<d:propfind xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"'
    ' xmlns:a="urn:ietf:params:xml:ns:carddav"><d:prop>{}</d:prop></d:propfind>'
)
_SYNC = (
    '<d:sync-collection xmlns:d="DAV:"><d:sync-token>{}</d:sync-token>'
    "<d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>"
)
_TYPES = {"ics": "text/calendar; charset=utf-8", "vcf": "text/vcard; charset=utf-8"}


@dataclass
class Synced:
    """What a sync brought: paths of what is new or changed, and of what is gone."""

    token: str
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


class Organizer(Program):
    """Calendars, tasks and contacts on a device."""

    def home(self, of: str) -> str:
        """Return where the calendars (`c:calendar`) or address books (`a:addressbook`) lie."""
        principal = self._path("/dav/", "d:current-user-principal")
        return self._path(principal, f"{of}-home-set")

    def places(self, home: str, kind: str) -> list[str]:
        """Return the collections of a home that are of a kind, as `{namespace}name`."""
        found = self._propfind(home, "d:resourcetype", depth="1")
        return [
            _href(one) for one in found.iter(f"{DAV}response") if one.find(f".//{kind}") is not None
        ]

    def calendars(self) -> list[str]:
        """Return the paths of all calendars, own ones and those that others share."""
        return self.places(self.home("c:calendar"), f"{CALDAV}calendar")

    def calendar_for(self, kind: str) -> str:
        """Return where new events (VEVENT) or tasks (VTODO) go."""
        for path in self.calendars():
            found = self._propfind(path, "c:supported-calendar-component-set")
            kinds = {one.get("name") for one in found.iter(f"{CALDAV}comp")}
            if kinds == {kind} or (kind == "VEVENT" and kind in kinds):
                return path
        raise LookupError(f"there is no calendar for {kind}")

    def address_book(self) -> str:
        """Return where new cards go."""
        return self.places(self.home("a:addressbook"), f"{CARDDAV}addressbook")[0]

    def put(self, path: str, text: str) -> int:
        """Store something, and return the status of the answer."""
        kind = _TYPES[path.rpartition(".")[2]]
        return self.ask("PUT", path, text, Content_Type=kind).status

    def sync(self, path: str, token: str = "") -> Synced:
        """Return what changed in a collection since `token` (RFC 6578)."""
        answer = self.ask("REPORT", path, _SYNC.format(token), Content_Type="application/xml")
        found = _read(answer)
        synced = Synced(found.findtext(f"{DAV}sync-token", ""))
        for one in found.iter(f"{DAV}response"):
            is_gone = " 404 " in f"{one.findtext(f'{DAV}status', '')} "
            (synced.removed if is_gone else synced.changed).append(_href(one))
        return synced

    def _path(self, path: str, prop: str) -> str:
        found = self._propfind(path, prop).find(f".//{DAV}prop//{DAV}href")
        if found is None or not found.text:
            raise LookupError(f"{path} does not tell its {prop}")
        return found.text

    def _propfind(self, path: str, prop: str, *, depth: str = "0") -> Element:
        body = _ASK.format(f"<{prop}/>")
        return _read(self.ask("PROPFIND", path, body, Depth=depth, Content_Type="application/xml"))


def _read(answer: Answer) -> Element:
    if answer.status != 207:
        raise ConnectionError(f"{answer.status}: {answer.body[:200]!r}")
    found: Element = fromstring(answer.body)
    return found


def _href(response: Element) -> str:
    return response.findtext(f"{DAV}href", "")
