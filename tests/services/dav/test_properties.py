"""PROPPATCH: live properties, dead ones, and that all or none are set."""

import xml.etree.ElementTree as ET

import pytest

from calendar_app.ical.entries import EARLIEST, LATEST
from calendar_app.ical.timezones import make_timezone
from calendar_app.ical.values import parse_local
from groupware.core import limits
from groupware.core.models import Account
from groupware.core.rights import grant, parse_rights
from groupware.dav.models import DeadProperty
from groupware.dav.names import PREFIXES, apple, caldav, carddav, dav
from groupware.dav.properties.calendars import MAX_DATE_TIME, MIN_DATE_TIME
from groupware.dav.services.properties import remove_left_over
from tests.conftest import SetLimit
from tests.services.dav.client import Answer, DavClient
from tests.services.dav.samples import card, event

pytestmark = pytest.mark.django_db

DECLARED = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in PREFIXES.items())
OWN = "{http://example.test/}"


def patch(client: DavClient, path: str, *instructions: str, **headers: str) -> Answer:
    """Send instructions: `+` and XML to set, `-` and XML to remove."""
    parts = [
        f"<D:{kind}><D:prop>{text[1:]}</D:prop></D:{kind}>"
        for text in instructions
        for kind in ["set" if text[0] == "+" else "remove"]
    ]
    body = f"<D:propertyupdate {DECLARED} xmlns:O='http://example.test/'>{''.join(parts)}"
    return client.request("PROPPATCH", path, f"{body}</D:propertyupdate>", **headers)


def texts(answer: Answer, path: str) -> dict[str, str | None]:
    return {name: child.text for name, child in answer.properties(path).items()}


@pytest.fixture
def meetings(ann: Account) -> str:
    return f"/{ann.pk}/calendar/"


def test_what_a_calendar_shows_is_set_and_removed(meetings: str, anns: DavClient) -> None:
    names = ("D:displayname", "C:calendar-description", "I:calendar-color", "I:calendar-order")
    wanted = {
        dav("displayname"): "Work & play",
        caldav("calendar-description"): "What we do",
        apple("calendar-color"): "#FF0000FF",
        apple("calendar-order"): "7",
    }
    values = dict(zip(names, ("Work &amp; play", "What we do", "#FF0000FF", "7"), strict=True))
    answer = patch(anns, meetings, *(f"+<{n}>{v}</{n}>" for n, v in values.items()))
    assert set(answer.properties(meetings)) == set(wanted)
    assert texts(anns.propfind(meetings, *names), meetings) == wanted
    answer = patch(anns, meetings, *(f"-<{name}/>" for name in names))
    assert set(answer.properties(meetings)) == set(wanted)
    assert list(anns.propfind(meetings, *names).properties(meetings)) == [dav("displayname")]


def test_what_an_address_book_shows_is_set(ann: Account, anns: DavClient) -> None:
    book = f"/{ann.pk}/contacts/"
    name = "CR:addressbook-description"
    patch(anns, book, f"+<{name}>People</{name}><D:displayname>Ours</D:displayname>")
    assert texts(anns.propfind(book, name, "D:displayname"), book) == {
        carddav("addressbook-description"): "People",
        dav("displayname"): "Ours",
    }


def test_a_zone_is_set_by_rules_or_by_name_and_the_other_follows(
    meetings: str, anns: DavClient
) -> None:
    names = ("C:calendar-timezone", "C:calendar-timezone-id")
    berlin = make_timezone("Europe/Berlin").replace("\r\n", "\n")
    patch(anns, meetings, f"+<C:calendar-timezone>{berlin}</C:calendar-timezone>")
    found = texts(anns.propfind(meetings, *names), meetings)
    assert found[caldav("calendar-timezone-id")] == "Europe/Berlin"
    assert found[caldav("calendar-timezone")] == berlin
    patch(anns, meetings, "+<C:calendar-timezone-id>Asia/Tokyo</C:calendar-timezone-id>")
    found = texts(anns.propfind(meetings, *names), meetings)
    assert "TZID:Asia/Tokyo" in (found[caldav("calendar-timezone")] or "")
    for wrong, condition in (
        ("<C:calendar-timezone>x</C:calendar-timezone>", "valid-calendar-data"),
        ("<C:calendar-timezone-id>No/Where</C:calendar-timezone-id>", "valid-timezone"),
    ):
        answer = patch(anns, meetings, "+" + wrong)
        assert list(answer.xml().iter(caldav(condition)))
    assert texts(anns.propfind(meetings, *names), meetings) == found
    patch(anns, meetings, "-<C:calendar-timezone-id/>")
    assert anns.propfind(meetings, *names).properties(meetings) == {}


def test_a_calendar_leaves_its_owner_free_or_not(meetings: str, anns: DavClient) -> None:
    name = "C:schedule-calendar-transp"
    for value in ("transparent", "opaque"):
        patch(anns, meetings, f"+<{name}><C:{value}/></{name}>")
        [found] = anns.propfind(meetings, name).properties(meetings)[
            caldav("schedule-calendar-transp")
        ]
        assert found.tag == caldav(value)


def test_all_that_is_asked_for_is_set_or_nothing(meetings: str, anns: DavClient) -> None:
    answer = patch(
        anns,
        meetings,
        "+<D:displayname>New</D:displayname>",
        "+<O:a>1</O:a>",
        "+<D:getetag>x</D:getetag>",
        "+<I:calendar-order>first</I:calendar-order>",
    )
    assert set(answer.properties(meetings, 424)) == {dav("displayname"), OWN + "a"}
    assert set(answer.properties(meetings, 403)) == {dav("getetag")}
    assert set(answer.properties(meetings, 409)) == {apple("calendar-order")}
    assert answer.properties(meetings) == {}
    assert list(answer.xml().iter(dav("cannot-modify-protected-property")))
    found = texts(anns.propfind(meetings, "D:displayname"), meetings)
    assert found == {dav("displayname"): "Calendar"}
    assert not DeadProperty.objects.exists()


@pytest.mark.parametrize(
    "name",
    [
        "D:resourcetype",
        "D:sync-token",
        "D:owner",
        "D:acl",
        "D:lockdiscovery",
        "D:supportedlock",
        "CS:getctag",
        "C:supported-calendar-component-set",
        "C:calendar-home-set",
        "CR:addressbook-description",
    ],
)
def test_what_the_server_keeps_cannot_be_set(name: str, meetings: str, anns: DavClient) -> None:
    for instruction in (f"+<{name}>x</{name}>", f"-<{name}/>"):
        answer = patch(anns, meetings, instruction)
        assert len(answer.properties(meetings, 403)) == 1
        assert list(answer.xml().iter(dav("cannot-modify-protected-property")))


def test_what_the_server_does_not_know_is_kept_as_it_was(
    meetings: str, ann: Account, anns: DavClient
) -> None:
    anns.request("PUT", meetings + "1.ics", event("1"))
    anns.request("PUT", meetings + "2.ics", event("2"))
    value = (
        "<O:a xml:lang='de' b='c' xmlns:p='urn:p' p:q='&lt;&quot;'>é &amp; <x xmlns=''>100%s</x>"
        " <O:y/>\U0001f600<D:href><z xmlns=''/></D:href><n xmlns='urn:n' xmlns:m='urn:m' m:k=''/></O:a>"
    )
    for path in (meetings, meetings + "1.ics", f"/{ann.pk}/"):
        answer = patch(anns, path, f"+{value}")
        assert set(answer.properties(path)) == {OWN + "a"}
        asked = '<D:propfind xmlns:D="DAV:">{}</D:propfind>'
        by_name = asked.format("<D:prop><a xmlns='http://example.test/'/></D:prop>")
        for body in (by_name, asked.format("<D:allprop/>")):
            told = anns.request("PROPFIND", path, body, Depth="0").properties(path)[OWN + "a"]
            expected = ET.fromstring(  # noqa: S314 (written above)
                value.replace("O:a", f"O:a {DECLARED} xmlns:O='http://example.test/'", 1)
            )
            assert ET.canonicalize(ET.tostring(told)) == ET.canonicalize(ET.tostring(expected))
        names = anns.request("PROPFIND", path, asked.format("<D:propname/>"), Depth="0")
        assert OWN + "a" in names.properties(path)
    # Of members all at once, those with and those without.
    asked = "<D:propfind xmlns:D='DAV:'><D:prop><D:getetag/><a xmlns='http://example.test/'/>"
    for body in (
        asked + "</D:prop></D:propfind>",
        "",
        "<propfind xmlns='DAV:'><propname/></propfind>",
    ):
        found = anns.request("PROPFIND", meetings, body, Depth="1")
        assert OWN + "a" in found.properties(meetings + "1.ics")
        assert OWN + "a" not in found.properties(meetings + "2.ics")
        assert dav("getetag") in found.properties(meetings + "2.ics")
    patch(anns, meetings + "1.ics", "-<O:a/>", "-<O:none/>")
    found = anns.propfind(meetings, "D:getetag", depth="1")
    assert list(found.properties(meetings + "1.ics")) == [dav("getetag")]


def test_the_last_instruction_counts(meetings: str, anns: DavClient) -> None:
    patch(anns, meetings, "+<O:a>1</O:a>", "-<O:a/>", "+<O:a>2</O:a>", "+<O:b/>", "-<O:b/>")
    assert list(DeadProperty.objects.values_list("name", flat=True)) == [OWN + "a"]
    assert "2" in DeadProperty.objects.get().value


def test_a_language_is_kept_with_what_is_in_it(meetings: str, anns: DavClient) -> None:
    body = (
        "<D:propertyupdate xmlns:D='DAV:' xmlns:O='http://example.test/' xml:lang='fr'>"
        "<D:set><D:prop><O:a>oui</O:a></D:prop></D:set></D:propertyupdate>"
    )
    anns.request("PROPPATCH", meetings, body)
    assert 'xml:lang="fr"' in DeadProperty.objects.get().value


def test_properties_are_bounded(meetings: str, anns: DavClient, set_limit: SetLimit) -> None:
    set_limit(limits.DAV_PROPERTY, 1 << 10)
    answer = patch(anns, meetings, f"+<O:a>{'x' * 1024}</O:a>")
    assert set(answer.properties(meetings, 507)) == {OWN + "a"}
    set_limit(limits.DAV_PROPERTIES, 1 << 11)
    assert set(patch(anns, meetings, f"+<O:a>{'x' * 900}</O:a>").properties(meetings))
    assert set(patch(anns, meetings, f"+<O:b>{'x' * 900}</O:b>").properties(meetings))
    answer = patch(anns, meetings, f"+<O:c>{'x' * 900}</O:c>", "+<D:displayname>x</D:displayname>")
    assert set(answer.properties(meetings, 507)) == {OWN + "c"}
    assert set(answer.properties(meetings, 424)) == {dav("displayname")}
    assert DeadProperty.objects.count() == 2
    long = "n" * 600
    assert patch(anns, meetings, f"+<{long}/>").properties(meetings, 403)
    too_long = f"+<D:displayname>{'x' * 256}</D:displayname>"
    assert patch(anns, meetings, too_long).properties(meetings, 409)


def test_what_is_gone_leaves_no_properties(ann: Account, anns: DavClient) -> None:
    book = f"/{ann.pk}/contacts/"
    anns.request("PUT", book + "1.vcf", card("1"))
    for path in (book + "1.vcf", book, f"/{ann.pk}/"):
        patch(anns, path, "+<O:a/>")
    anns.request("DELETE", book + "1.vcf")
    anns.request("PUT", book + "1.vcf", card("1"))
    assert anns.propfind(book + "1.vcf", "D:getetag").properties(book + "1.vcf", 404) == {}
    body = (
        "<D:propfind xmlns:D='DAV:'><D:prop><a xmlns='http://example.test/'/></D:prop></D:propfind>"
    )
    found = anns.request("PROPFIND", book + "1.vcf", body, Depth="0")
    assert set(found.properties(book + "1.vcf", 404)) == {OWN + "a"}
    assert (remove_left_over(), remove_left_over()) == (1, 0)
    anns.request("DELETE", book)
    assert DeadProperty.objects.get().collection_id is None


def test_who_may_set_them(ann: Account, ben: Account, bens: DavClient, meetings: str) -> None:
    assert patch(bens, meetings, "+<O:a/>").status == 404
    shared = ann.collections.get(kind="calendars", name="Calendar")
    grant(ann, shared, ben, parse_rights("read"))
    answer = patch(bens, meetings, "+<O:a/>")
    assert (answer.status, answer.condition()) == (403, dav("need-privileges"))
    grant(ann, shared, ben, parse_rights("write"))
    assert patch(bens, meetings, "+<O:a/>").status == 207
    for path in (f"/{ann.pk}/", "/"):
        assert patch(bens, path, "+<O:a/>").status == 403


def test_how_a_shared_collection_is_shown_is_up_to_each_reader(
    ann: Account, ben: Account, anns: DavClient, bens: DavClient, meetings: str
) -> None:
    shared = ann.collections.get(kind="calendars", name="Calendar")
    grant(ann, shared, ben, parse_rights("read"))
    mine = f"/{ben.pk}/~{shared.object_id}/"
    own = ("+<D:displayname>Ann's</D:displayname>", "+<I:calendar-color>#00f</I:calendar-color>")
    assert patch(bens, mine, *own, "+<O:a>ben</O:a>").properties(mine)
    names = ("D:displayname", "I:calendar-color")
    found = texts(bens.propfind(mine, *names), mine)
    assert found == {dav("displayname"): "Ann's", apple("calendar-color"): "#00f"}
    assert texts(anns.propfind(meetings, *names), meetings) == {dav("displayname"): "Calendar"}
    patch(anns, meetings, "+<O:a>ann</O:a>")
    for client, path, value in ((anns, meetings, "ann"), (bens, mine, "ben")):
        for depth in ("0", "1"):
            everything = client.request("PROPFIND", path, Depth=depth)
            assert everything.properties(path)[OWN + "a"].text == value
    for asked in ("+<C:calendar-description>x</C:calendar-description>", "-<C:calendar-timezone/>"):
        answer = patch(bens, mine, asked)
        assert (answer.status, answer.condition()) == (403, dav("need-privileges"))
    grant(ann, shared, ben, parse_rights("write"))
    asked = "+<C:calendar-description>x</C:calendar-description><D:displayname/>"
    assert patch(bens, mine, asked).properties(mine)
    described = anns.propfind(meetings, "C:calendar-description").properties(meetings)
    assert described[caldav("calendar-description")].text == "x"


def test_little_is_told_to_who_asks_for_it(meetings: str, anns: DavClient) -> None:
    minimal = {"Prefer": "return=minimal"}
    answer = patch(anns, meetings, "+<O:a/>", **minimal)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["preference-applied"] == "return=minimal"
    assert patch(anns, meetings, "+<D:owner/>", **minimal).status == 207


@pytest.mark.parametrize("body", ["", "<a/>", "<D:propfind xmlns:D='DAV:'/>", "<"])
def test_a_body_that_says_nothing_is_refused(body: str, meetings: str, anns: DavClient) -> None:
    assert anns.request("PROPPATCH", meetings, body).status == 400


def test_the_dates_that_calendars_tell_are_those_that_they_take() -> None:
    told = [parse_local(text.decode().removesuffix("Z")) for text in (MIN_DATE_TIME, MAX_DATE_TIME)]
    assert told == [EARLIEST, LATEST]
