"""A DAV client in memory: requests go through the WSGI application, as they come from granian."""

import io
import xml.etree.ElementTree as ET
from base64 import b64encode
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from groupware.core.auth import create_app_password
from groupware.core.models import Account
from groupware.dav.application import Application
from groupware.dav.mount import mount
from groupware.dav.names import DAV, PREFIXES

HOST = "groupware.test"
DECLARED = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in PREFIXES.items())


def _no_pages(_environ: Any, start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [])
    return [b"no page"]


@lru_cache(maxsize=1)
def application() -> Any:
    """Return the one application of the tests."""
    return mount(_no_pages)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def xml(self) -> ET.Element:
        """Return the root element."""
        return ET.fromstring(self.body)  # noqa: S314 (what our own server wrote)

    def condition(self) -> str:
        """Return the name of the condition that DAV:error tells."""
        root = self.xml()
        assert root.tag == f"{{{DAV}}}error"
        return str(root[0].tag)

    def responses(self) -> dict[str, ET.Element]:
        """Return the responses of a multistatus by their hrefs, decoded, without the prefix."""
        assert self.status == 207, (self.status, self.body)
        return {
            unquote(urlsplit(found.findtext(f"{{{DAV}}}href") or "").path).removeprefix(
                "/dav"
            ): found
            for found in self.xml().findall(f"{{{DAV}}}response")
        }

    def properties(self, path: str, status: int = 200) -> dict[str, ET.Element]:
        """Return the properties that one resource has with a status, by name."""
        found: dict[str, ET.Element] = {}
        for propstat in self.responses()[path].findall(f"{{{DAV}}}propstat"):
            if f" {status} " in (propstat.findtext(f"{{{DAV}}}status") or ""):
                found |= {str(child.tag): child for child in propstat.find(f"{{{DAV}}}prop") or []}
        return found


@dataclass
class DavClient:
    """One person's client."""

    login: str
    password: str
    headers: dict[str, str] = field(default_factory=dict)
    application: Any = None

    def request(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> Answer:
        """Send one request; header names are written with underscores."""
        data = body.encode() if isinstance(body, str) else body
        return self.send(self.environ(method, path, data, **headers))

    def environ(self, method: str, path: str, data: bytes, **headers: str) -> dict[str, Any]:
        """Return a request as WSGI has it."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": f"/dav{path}".encode().decode("latin-1"),
            "QUERY_STRING": "",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": HOST,
            "SERVER_NAME": HOST,
            "SERVER_PORT": "443",
            "CONTENT_LENGTH": str(len(data)) if data else "",
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(data),
            "wsgi.errors": io.StringIO(),
        }
        if self.login:
            credentials = b64encode(f"{self.login}:{self.password}".encode()).decode()
            environ["HTTP_AUTHORIZATION"] = f"Basic {credentials}"
        for name, value in {**self.headers, **headers}.items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        return environ

    def send(self, environ: dict[str, Any]) -> Answer:
        """Send a request that is made already."""
        began: list[Any] = []
        target = self.application or application()
        body = b"".join(target(environ, lambda *said: began.extend(said)))
        status, headers = began
        return Answer(int(status.split()[0]), {k.lower(): v for k, v in headers}, body)

    def report(self, path: str, root: str, inner: str, **headers: str) -> Answer:
        """Ask for the report whose root element is `root`, as `D:sync-collection`."""
        return self.request("REPORT", path, f"<{root} {DECLARED}>{inner}</{root}>", **headers)

    def propfind(self, path: str, *names: str, depth: str = "0", **headers: str) -> Answer:
        """Ask for properties, named as `D:getetag`."""
        asked = "".join(f"<{name}/>" for name in names)
        body = f"<D:propfind {DECLARED}><D:prop>{asked}</D:prop></D:propfind>"
        return self.request("PROPFIND", path, body, Depth=depth, **headers)


def client_of(account: Account) -> DavClient:
    """Return the client of an account of the tests."""
    return DavClient(account.login, create_app_password(account.pk, "tests", frozenset({"dav"})))


def url_of(path: str) -> str:
    """Return a path inside the application as a whole URL."""
    return f"https://{HOST}/dav{quote(path)}"


__all__ = ["Answer", "Application", "DavClient", "client_of", "url_of"]
