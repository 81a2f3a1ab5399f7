"""Autodiscover as Outlook and others ask: POST in its namespaces, GET, and what is refused."""

from xml.etree.ElementTree import Element

import pytest
from defusedxml import ElementTree
from django.test import Client
from pytest_django.fixtures import Settings

from groupware.clientconfig.autodiscover import ENVELOPE, OUTLOOK
from groupware.core import limits
from groupware.core.directory import create_domain
from tests.conftest import SetLimit

pytestmark = pytest.mark.django_db
PATH = "/autodiscover/autodiscover.xml"
REQUEST = (
    '<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="http://schemas.microsoft.com/'
    'exchange/autodiscover/outlook/requestschema/2006"><Request><EMailAddress>{}</EMailAddress>'
    "<AcceptableResponseSchema>{}</AcceptableResponseSchema></Request></Autodiscover>"
)
MOBILE = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"


@pytest.fixture(autouse=True)
def domain(db: None, settings: Settings) -> None:
    settings.GROUPWARE_PUBLIC_URL = "https://mail.example.org"
    create_domain("team.example")


def ask(
    client: Client,
    address: str = "ann@team.example",
    schema: str = OUTLOOK,
    host: str = "autodiscover.team.example",
    path: str = PATH,
) -> Element:
    body = REQUEST.format(address, schema)
    response = client.post(path, body, content_type="text/xml", headers={"host": host})
    assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
    assert response["Content-Type"] == "application/xml; charset=utf-8"
    root: Element = ElementTree.fromstring(response.content)
    return root


def code(answer: Element) -> str | None:
    return answer.findtext(f"{{{ENVELOPE}}}Response/{{{ENVELOPE}}}Error/{{{ENVELOPE}}}ErrorCode")


def protocols(answer: Element) -> list[dict[str, str]]:
    assert answer.tag == f"{{{ENVELOPE}}}Autodiscover"
    account = answer.find(f"{{{OUTLOOK}}}Response/{{{OUTLOOK}}}Account")
    assert account is not None
    assert account.findtext(f"{{{OUTLOOK}}}AccountType") == "email"
    assert account.findtext(f"{{{OUTLOOK}}}Action") == "settings"
    return [
        {held.tag.rpartition("}")[2]: held.text or "" for held in protocol}
        for protocol in account.findall(f"{{{OUTLOOK}}}Protocol")
    ]


@pytest.mark.parametrize(
    "host", ["autodiscover.team.example", "team.example", "mail.example.org", "elsewhere.example"]
)
@pytest.mark.parametrize("path", [PATH, "/Autodiscover/Autodiscover.xml"])
def test_outlook_learns_where_mail_is_read_and_sent(client: Client, host: str, path: str) -> None:
    told = protocols(ask(client, host=host, path=path))
    assert [(one["Type"], one["Server"], one["Port"]) for one in told] == [
        ("IMAP", "mail.example.org", "993"),
        ("POP3", "mail.example.org", "995"),
        ("SMTP", "mail.example.org", "465"),
    ]
    for one in told:
        assert (one["LoginName"], one["SSL"], one["Encryption"]) == (
            "ann@team.example",
            "on",
            "SSL",
        )
        assert (one["SPA"], one["AuthRequired"], one["DomainRequired"]) == ("off", "on", "off")
    assert told[-1]["UsePOPAuth"] == "off"


def test_without_tls_from_the_start_it_is_told_to_begin_it(
    client: Client, settings: Settings
) -> None:
    settings.GROUPWARE_PORTS = settings.GROUPWARE_PORTS | {"IMAPS": 0, "POP3": 0, "POP3S": 0}
    told = [(one["Type"], one["Port"], one["Encryption"]) for one in protocols(ask(client))]
    assert told == [("IMAP", "143", "TLS"), ("SMTP", "465", "SSL")]


@pytest.mark.parametrize("name", ["Email", "emailaddress"])
def test_a_program_may_get_it_as_well(client: Client, name: str) -> None:
    response = client.get(PATH, {name: "ann@team.example"}, secure=True)
    assert len(protocols(ElementTree.fromstring(response.content))) == 3


def test_who_looks_for_a_redirect_is_led_to_tls(client: Client) -> None:
    response = client.get(PATH, headers={"host": "autodiscover.team.example"})
    assert (response.status_code, response["Location"]) == (302, f"https://mail.example.org{PATH}")


def test_an_account_that_is_not_there_is_answered_as_one_that_is(client: Client) -> None:
    """Nobody learns from it who has an account here."""
    assert protocols(ask(client, "nobody@team.example"))


@pytest.mark.parametrize(
    ("address", "schema", "wanted"),
    [
        ("ann@other.example", OUTLOOK, "500"),
        ("ann", OUTLOOK, "600"),
        ("", OUTLOOK, "600"),
        ("ann@team.example", MOBILE, "601"),
    ],
)
def test_what_there_is_none_of_is_refused_in_its_own_form(
    client: Client, address: str, schema: str, wanted: str
) -> None:
    assert code(ask(client, address, schema)) == wanted


BOMB = '<!DOCTYPE a [<!ENTITY x "y">]><Autodiscover><EMailAddress>&x;</EMailAddress></Autodiscover>'


@pytest.mark.parametrize("body", ["", "<", "\x00", BOMB, "<a/>", '<?xml encoding="nonsense"?><a/>'])
def test_what_is_no_request_is_refused(client: Client, body: str) -> None:
    response = client.post(PATH, body.encode(), content_type="text/xml")
    assert code(ElementTree.fromstring(response.content)) == "600"


def test_names_in_the_answer_stay_text(client: Client) -> None:
    answer = ask(client, "a&amp;&lt;b&gt;@team.example")
    assert protocols(answer)[0]["LoginName"] == "a&<b>@team.example"


def test_a_request_is_bounded(client: Client, set_limit: SetLimit) -> None:
    set_limit(limits.AUTODISCOVER_REQUEST, 1 << 10)
    response = client.post(PATH, b"<a>" + b" " * 2000 + b"</a>", content_type="text/xml")
    assert response.status_code == 413


def test_other_methods_are_refused(client: Client) -> None:
    assert client.put(PATH).status_code == 405
