"""What tests of access control send, and how they read the answers."""

import xml.etree.ElementTree as ET

from groupware.core.models import Account, Collection
from groupware.dav.names import DECLARATIONS, dav
from tests.services.dav.client import Answer, DavClient


def calendar_of(account: Account) -> Collection:
    return account.collections.get(kind="calendars", name="Calendar")


def privileges(element: ET.Element) -> set[str]:
    """Return the names of the privileges inside an element."""
    return {child.tag for found in element.iter(dav("privilege")) for child in found}


def entries(client: DavClient, path: str) -> dict[str, set[str]]:
    """Return what DAV:acl grants, by the text of the principal, `inherited` ones marked."""
    acl = client.propfind(path, "D:acl").properties(path)[dav("acl")]
    found = {}
    for ace in acl:
        principal = ace.find(dav("principal"))
        assert principal is not None
        who = principal.findtext(dav("href")) or principal[0].tag
        mark = "inherited " if ace.find(dav("inherited")) is not None else ""
        found[f"{mark}{who}"] = privileges(ace)
    return found


def ace(principal: str, *names: str, rest: str = "") -> str:
    granted = "".join(f"<D:privilege><{name}/></D:privilege>" for name in names)
    return (
        f"<D:ace><D:principal>{principal}</D:principal><D:grant>{granted}</D:grant>{rest}</D:ace>"
    )


def href(path: str) -> str:
    return f"<D:href>/dav{path}</D:href>"


def set_acl(client: DavClient, path: str, *aces: str) -> Answer:
    body = f'<D:acl {DECLARATIONS.decode()} xmlns:g="urn:groupware:dav">{"".join(aces)}</D:acl>'
    return client.request("ACL", path, body)


def report(client: DavClient, path: str, name: str, inner: str, attributes: str = "") -> Answer:
    body = f"<D:{name} {DECLARATIONS.decode()}{attributes}>{inner}</D:{name}>"
    return client.request("REPORT", path, body, Depth="0")


def hrefs(client: DavClient, path: str, name: str) -> list[str] | None:
    told = client.propfind(path, name).properties(path)
    return [child.text or "" for child in next(iter(told.values()))] if told else None
