"""A plain session by which tests make collections and see what the server holds."""

import base64
import http.client
import ssl
from functools import cached_property
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from tests.clients.dav.servers import DavServer
from tests.clients.people import Person

DAV = "{DAV:}"
CALDAV = "{urn:ietf:params:xml:ns:caldav}"
CARDDAV = "{urn:ietf:params:xml:ns:carddav}"
NAMESPACES = (
    'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
    ' xmlns:A="urn:ietf:params:xml:ns:carddav"'
)


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Visitor:
    """One keep-alive connection of one person."""

    def __init__(self, server: DavServer, person: Person) -> None:
        place = urlsplit(server.url)
        context = ssl.create_default_context(cafile=str(server.trusted))
        assert place.hostname is not None
        self.person = person
        self._root = place.path
        self._connection = http.client.HTTPSConnection(
            place.hostname, place.port, timeout=30, context=context
        )
        words = f"{person.address}:{person.password}".encode()
        self._authorization = f"Basic {base64.b64encode(words).decode()}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connection.close()

    def request(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> Answer:
        """Send a request, and return its answer whatever it is."""
        data = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, path, data, {"Authorization": self._authorization} | named)
        response = self._connection.getresponse()
        return Answer(response.status, response.headers, response.read())

    def done(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> Answer:
        """Send a request that must succeed."""
        answer = self.request(method, path, body, **headers)
        assert 200 <= answer.status < 300, (method, path, answer)
        return answer

    def properties(self, path: str, prop: str, depth: int = 0) -> dict[str, Element]:
        """Return by path what PROPFIND tells with status 200."""
        body = f"<D:propfind {NAMESPACES}><D:prop>{prop}</D:prop></D:propfind>"
        answer = self.done("PROPFIND", path, body, Depth=str(depth), Content_Type="text/xml")
        found = {}
        for response in fromstring(answer.body).iter(f"{DAV}response"):
            for stat in response.iter(f"{DAV}propstat"):
                if " 200 " in stat.findtext(f"{DAV}status", ""):
                    element = stat.find(f"{DAV}prop")
                    assert element is not None
                    found[unquote(response.findtext(f"{DAV}href", ""))] = element
        return found

    def _href(self, path: str, prop: str, name: str) -> str:
        [element] = self.properties(path, prop).values()
        found = element.findtext(f"{name}/{DAV}href")
        assert found is not None, f"{path} has no {name}"
        return unquote(found)

    @cached_property
    def principal(self) -> str:
        """The path of the person's principal."""
        name = "current-user-principal"
        return self._href(self._root, f"<D:{name}/>", f"{DAV}{name}")

    @cached_property
    def calendar_home(self) -> str:
        """Where the person's calendars are."""
        name = "calendar-home-set"
        return self._href(self.principal, f"<C:{name}/>", f"{CALDAV}{name}")

    @cached_property
    def address_book_home(self) -> str:
        """Where the person's address books are."""
        name = "addressbook-home-set"
        return self._href(self.principal, f"<A:{name}/>", f"{CARDDAV}{name}")

    def make_calendar(self, name: str, *components: str) -> str:
        """Make a calendar for these components, and return its path."""
        path = f"{self.calendar_home}{name}/"
        listed = "".join(f'<C:comp name="{component}"/>' for component in components)
        kinds = f"<C:supported-calendar-component-set>{listed}</C:supported-calendar-component-set>"
        prop = f"<D:displayname>{name}</D:displayname>{kinds if components else ''}"
        body = f"<C:mkcalendar {NAMESPACES}><D:set><D:prop>{prop}</D:prop></D:set></C:mkcalendar>"
        self.done("MKCALENDAR", path, body, Content_Type="text/xml")
        return path

    def make_address_book(self, name: str) -> str:
        """Make an address book, and return its path."""
        path = f"{self.address_book_home}{name}/"
        kind = "<D:resourcetype><D:collection/><A:addressbook/></D:resourcetype>"
        prop = f"{kind}<D:displayname>{name}</D:displayname>"
        body = f"<D:mkcol {NAMESPACES}><D:set><D:prop>{prop}</D:prop></D:set></D:mkcol>"
        self.done("MKCOL", path, body, Content_Type="text/xml")
        return path

    def put(self, path: str, data: bytes) -> None:
        """Write an object or a card, whatever is there."""
        kind = "text/vcard" if data.startswith(b"BEGIN:VCARD") else "text/calendar"
        self.done("PUT", path, data, Content_Type=f"{kind}; charset=utf-8")

    def get(self, path: str) -> bytes:
        """Return what a path holds."""
        return self.done("GET", path).body

    def members(self, path: str) -> list[str]:
        """Return the paths of the members of a collection."""
        found = self.properties(path, "<D:getetag/>", depth=1)
        return sorted(member for member in found if not member.endswith("/"))

    def contents(self, path: str) -> dict[str, bytes]:
        """Return what the members of a collection hold by their paths."""
        return {member: self.get(member) for member in self.members(path)}
