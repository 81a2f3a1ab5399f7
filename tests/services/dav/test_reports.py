"""Which reports there are where, who may ask for them, and DAV:expand-property."""

import pytest

from groupware.core.models import Account
from groupware.core.rights import grant, parse_rights
from groupware.dav.handlers.report import REPORTS
from groupware.dav.names import carddav, dav
from groupware.dav.reports import expand_property
from tests.services.dav.client import DavClient

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("", "D:nothing"),
        ("", "D:sync-collection"),
        ("", "CR:addressbook-query"),
        ("calendar/", "CR:addressbook-query"),
        ("contacts/", "C:calendar-query"),
        ("contacts/", "D:version-tree"),
    ],
)
def test_a_report_that_is_not_there_is_refused(
    path: str, root: str, ann: Account, anns: DavClient
) -> None:
    answer = anns.report(f"/{ann.pk}/{path}", root, "<D:prop/>")
    assert (answer.status, answer.condition()) == (403, dav("supported-report"))


def test_a_report_needs_a_body_and_a_place(ann: Account, anns: DavClient) -> None:
    assert anns.request("REPORT", f"/{ann.pk}/contacts/").status == 400
    assert anns.request("REPORT", f"/{ann.pk}/contacts/", "<").status == 400
    for path in ("/999999/", f"/{ann.pk}/contacts/nothing.vcf", f"/{ann.pk}/nothing/"):
        assert anns.report(path, "D:sync-collection", "<D:sync-token/>").status == 404


def test_reports_are_answered_to_those_who_may_read(
    ann: Account, anns: DavClient, bens: DavClient, ben: Account
) -> None:
    path, inner = f"/{ann.pk}/contacts/", "<D:sync-token/><D:prop/>"
    assert anns.report(path, "D:sync-collection", inner).status == 207
    assert bens.report(path, "D:sync-collection", inner).status == 404
    account = Account.objects.get(pk=ann.pk)
    book = account.collections.get(kind="addressbooks")
    grant(account, book, ben, parse_rights("free-busy"))
    answer = bens.report(path, "D:sync-collection", inner)
    assert (answer.status, answer.condition()) == (403, dav("need-privileges"))
    grant(account, book, ben, parse_rights("read"))
    assert bens.report(path, "D:sync-collection", inner).status == 207


def test_what_is_told_to_be_there_of_an_address_book_is(ann: Account, anns: DavClient) -> None:
    path = f"/{ann.pk}/contacts/"
    found = anns.propfind(path, "D:supported-report-set").properties(path)
    told = {report[0].tag for report in found[dav("supported-report-set")].iter(dav("report"))}
    own = {carddav("addressbook-query"), carddav("addressbook-multiget"), dav("sync-collection")}
    assert own <= told
    assert own <= set(REPORTS)


def test_expand_property_tells_of_what_hrefs_lead_to(
    ann: Account, anns: DavClient, ben: Account
) -> None:
    home = f"/{ann.pk}/"
    inner = (
        "<D:property name='owner'><D:property name='displayname'/>"
        "<D:property name='nothing' namespace='x:'/></D:property>"
        "<D:property name='calendar-user-address-set' namespace='urn:ietf:params:xml:ns:caldav'>"
        "<D:property name='resourcetype'/></D:property>"
        "<D:property name='displayname'/><D:property name='getetag'/>"
    )
    answer = anns.report(home, "D:expand-property", inner)
    assert answer.status == 207
    found = answer.properties(home)
    owner = found[dav("owner")].find(dav("response"))
    assert owner is not None
    assert owner.findtext(dav("href")) == f"/dav{home}"
    assert ann.login in {name.text for name in owner.iter(dav("displayname"))}
    assert b"<D:href>mailto:" in answer.body
    assert found[dav("displayname")].text == ann.login
    assert dav("getetag") in answer.properties(home, 404)
    minimal = anns.report(home, "D:expand-property", inner, Prefer="return=minimal")
    assert b" 404 " not in minimal.body


def test_expand_property_is_bounded(
    ann: Account, anns: DavClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = "<D:property name='owner'><D:property name='owner'/></D:property>"
    path = f"/{ann.pk}/contacts/"
    for depth, status in (("0", 207), ("1", 400)):
        assert anns.report(path, "D:expand-property", inner, Depth=depth).status == status
    assert anns.report(path, "D:expand-property", "<D:property name='a b'/>").status == 400
    for most, status in ((4, 207), (3, 507)):
        monkeypatch.setattr(expand_property, "MAX_TOLD", most)
        assert anns.report(path, "D:expand-property", inner).status == status
