"""REPORT (RFC 3253 §3.6): the report that the root element names, by a table."""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from groupware.core import db
from groupware.dav import resources
from groupware.dav.access import FREE_BUSY, READ, READ_ACL
from groupware.dav.errors import DavError, need_privileges, not_found
from groupware.dav.names import caldav, carddav, dav
from groupware.dav.properties.webdav import reports_of
from groupware.dav.reports import (
    addressbook_query,
    calendar_query,
    expand_property,
    free_busy,
    multiget,
    principals,
    sync,
)
from groupware.dav.request import Request
from groupware.dav.resources import Kind, Resource
from groupware.dav.responses import Response

Handle = Callable[[Request, Resource, ET.Element], Response]


@dataclass(frozen=True, slots=True)
class Report:
    """A report: what answers it, within one snapshot, and the privilege that it needs."""

    handle: Handle
    privilege: str = READ


REPORTS: Final[Mapping[str, Report]] = {
    dav("sync-collection"): Report(sync.handle),
    dav("expand-property"): Report(expand_property.handle),
    caldav("calendar-query"): Report(calendar_query.handle),
    caldav("calendar-multiget"): Report(multiget.handle),
    caldav("free-busy-query"): Report(free_busy.handle, FREE_BUSY),
    dav("principal-property-search"): Report(principals.search),
    dav("principal-search-property-set"): Report(principals.tell_searched),
    dav("principal-match"): Report(principals.match),
    dav("acl-principal-prop-set"): Report(principals.of_acl, READ_ACL),
    carddav("addressbook-query"): Report(addressbook_query.handle),
    carddav("addressbook-multiget"): Report(multiget.handle),
}


def handle(request: Request) -> Response:
    """Answer a REPORT; one that is not known, or not here, is refused (RFC 3253 §3.6)."""
    root = request.xml()
    if root is None:
        raise DavError(400, "The body of a REPORT names the report.")
    with db.read_snapshot():
        place = resources.find(request.path, request.account_id)
        if place is None or place.kind is Kind.MISSING:
            raise not_found()
        report = REPORTS.get(root.tag)
        if report is None or root.tag not in reports_of(place):
            text = "There is no such report here; DAV:supported-report-set names those there are."
            raise DavError(403, text, dav("supported-report"))
        if not place.access.holds(report.privilege):
            raise need_privileges(place.path, report.privilege)
        return report.handle(request, place, root)
