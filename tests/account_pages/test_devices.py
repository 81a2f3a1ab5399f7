"""Proof of sync: each device with its last contact and, where it tells, how far it is behind."""

import pytest
from django.test import Client

from groupware.core import auth, roles
from groupware.core.audit import AuditFilter, list_entries
from groupware.core.clock import epoch
from groupware.core.livesessions import list_sessions
from groupware.core.models import Account, Device, DeviceState
from mail.services.content import prepare_message
from mail.services.messages import append_message
from tests.account_pages.signing import SignIn
from tests.services.identity.browsers import open_browser
from tests.services.store import collection_of, message

pytestmark = pytest.mark.django_db
PAGE = "/account/devices/"


def device(account: Account, **fields: object) -> Device:
    moment = epoch()
    held = {
        "protocol": "imap",
        "key": str(Device.objects.count()),
        "credential": "password",
        "client": "Thunderbird",
        "network": "192.0.2.7",
        "first_seen": moment,
        "last_seen": moment,
    }
    return Device.objects.create(account=account, **{**held, **fields})


def shown(browser: Client, language: str = "en") -> str:
    text = browser.get(PAGE, headers={"accept-language": language}).content.decode()
    return text.partition('id="known"')[2].partition("</section>")[0]


def test_who_never_came_is_told_how_a_device_gets_here(browser: Client) -> None:
    assert "No device has signed in yet." in shown(browser)


def test_a_device_that_knows_everything_is_up_to_date(ann: Account, browser: Client) -> None:
    inbox = collection_of(ann)
    held = device(ann)
    DeviceState.objects.create(
        device=held, collection_id=inbox.pk, modseq=inbox.highest_modseq, moment=epoch()
    )
    text = shown(browser)
    assert "Thunderbird" in text
    assert "192.0.2.7" in text
    assert "up to date" in text


def test_a_device_that_is_behind_is_told_by_how_much_and_where(
    ann: Account, browser: Client
) -> None:
    inbox = collection_of(ann)
    held = device(ann)
    DeviceState.objects.create(
        device=held, collection_id=inbox.pk, modseq=inbox.highest_modseq, moment=epoch()
    )
    for _ in range(2):
        append_message(ann.pk, inbox.pk, prepare_message(message()))
    text = shown(browser)
    assert "2 changes behind" in text
    assert "mail/INBOX: 2" in text
    assert "indietro di 2 modifiche" in shown(browser, "it")


def test_a_device_whose_protocol_does_not_tell_has_its_last_contact(
    ann: Account, browser: Client
) -> None:
    device(ann, protocol="pop3", client="")
    text = shown(browser)
    assert "Unnamed program" in text
    assert "does not tell" in text
    assert "POP3" in text


def test_an_app_password_lends_its_name(ann: Account, browser: Client) -> None:
    auth.create_app_password(ann.pk, "My telephone", frozenset({"imap"}))
    [held] = auth.list_app_passwords(ann.pk)
    device(ann, credential="app-password", credential_key=str(held.pk), client="K-9 Mail")
    text = shown(browser)
    assert "My telephone" in text
    assert "K-9 Mail" in text


def test_what_a_device_calls_itself_stays_text(ann: Account, browser: Client) -> None:
    device(ann, client="<script>alert(1)</script>")
    assert "<script" not in shown(browser)


def test_devices_of_others_are_not_shown(ann: Account, ben: Account, sign_in: SignIn) -> None:
    device(ann)
    assert "192.0.2.7" not in shown(sign_in(ben))


def ids(account: Account) -> set[str]:
    return {held.id for held in list_sessions(account.pk)}


def test_one_of_ones_own_sessions_is_ended_and_nobody_elses(
    ann: Account, ben: Account, browser: Client
) -> None:
    here = ids(ann)
    mine, bens = open_browser(ann), open_browser(ben)
    response = browser.post(f"{PAGE}end-session/", {"session": mine})
    assert response["Location"] == PAGE
    assert ids(ann) == here
    [entry] = list_entries(AuditFilter(action="account.end-session"))
    assert (entry.actor, entry.detail["session"]) == (ann.login, mine)
    for gone in (mine, bens, "", "x" * 500):
        response = browser.post(
            f"{PAGE}end-session/", {"session": gone}, headers={"accept-language": "it"}
        )
        assert response.status_code == 404
        assert "Questa sessione non esiste" in response.content.decode()
    assert ids(ben) == {bens}


def test_who_has_a_role_finds_the_way_to_the_panel(ann: Account, browser: Client) -> None:
    assert 'href="/admin/"' not in browser.get(PAGE).content.decode()
    roles.grant_role(ann.login, "help-desk", "example.test")
    assert 'href="/admin/"' in browser.get(PAGE).content.decode()
