"""Mail from elsewhere and what goes by age, as their person sees it: no secret, nobody else's."""

import pytest
from django.test import Client

from groupware.core.models import Account, AuditEntry
from mail.models import OutsideAccount
from mail.retention import Rule
from mail.services import retention
from mail.services.outside import accounts
from mail.services.outside.accounts import Wishes
from mail.services.outside.servers import Login
from tests.account_pages.signing import SignIn

pytestmark = pytest.mark.django_db
PATH = "/account/elsewhere/"


@pytest.fixture
def old(ann: Account) -> OutsideAccount:
    """Return an account elsewhere of Ann's, which failed."""
    login = Login("imap", "mail.elsewhere.example", "ann.old", "open sesame")
    key = accounts.add_outside(ann.pk, login, Wishes(), "my old one")
    OutsideAccount.objects.update(last_at=1_000, outcome="The server does not answer.")
    return OutsideAccount.objects.get(pk=key)


def test_a_person_sees_what_is_fetched_and_how_it_ended(
    browser: Client, old: OutsideAccount
) -> None:
    page = browser.get(PATH).content.decode()
    for text in ("my old one", "mail.elsewhere.example", "The server does not answer."):
        assert text in page
    assert "open sesame" not in page
    assert "Nothing: your mail stays until you delete it." in page


def test_a_person_pauses_it_and_lets_it_be_fetched_again(
    browser: Client, old: OutsideAccount
) -> None:
    for act, state in (("pause", "paused"), ("resume", "active")):
        assert browser.post(PATH, {"name": old.name, "act": act}).status_code == 302
        old.refresh_from_db()
        assert old.state == state
    made = AuditEntry.objects.filter(action__startswith="outside.").order_by("id")
    assert [(entry.action, entry.actor) for entry in made] == [
        ("outside.pause", "ann@example.test"),
        ("outside.resume", "ann@example.test"),
    ]


@pytest.mark.parametrize("sent", [{}, {"act": "remove", "name": "my old one"}, {"act": "pause"}])
def test_nothing_else_is_done(browser: Client, old: OutsideAccount, sent: dict[str, str]) -> None:
    assert browser.post(PATH, sent).status_code >= 400
    old.refresh_from_db()
    assert old.state == "active"


def test_somebody_elses_is_neither_shown_nor_paused(
    ben: Account, old: OutsideAccount, sign_in: SignIn
) -> None:
    browser = sign_in(ben)
    assert "my old one" not in browser.get(PATH).content.decode()
    assert browser.post(PATH, {"name": old.name, "act": "pause"}).status_code == 404
    old.refresh_from_db()
    assert old.state == "active"


def test_what_goes_by_age_is_told_by_mailbox(browser: Client, ann: Account) -> None:
    for use, days, action in (("INBOX", 90, "archive"), ("Trash", 30, "delete")):
        rule = Rule(0, ann.domain_id, None, None, use, days, action, "received", True)
        retention.set_rule(rule)
    page = browser.get(PATH).content.decode()
    assert "moves to Archive after 90 days" in page
    assert "is deleted after 30 days" in page
    page = browser.get(PATH, headers={"accept-language": "it"}).content.decode()
    assert "va in Archivio dopo 90 giorni" in page
