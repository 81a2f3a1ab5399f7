"""Pages of retention, of holds and of outside mailboxes: what they show, do, and keep to themselves."""

from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groupware.core.models import Account, AuditEntry
from groupware.panel import retentionforms
from mail.models import OutsideAccount, OutsideState, RetentionHold, RetentionRule
from mail.services import holds, retention
from mail.services.outside import accounts
from mail.services.outside.accounts import Wishes
from mail.services.outside.servers import Login
from tests.panel.people import People, browser_of
from tests.services.store import append

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data")]
OLD = {"use": "INBOX", "action": "archive", "days": "30", "age": "received"}
LONG_AGO = 1_000_000_000


def shown(account: Account, path: str, status: int = 200) -> str:
    response = browser_of(account).get(f"/admin/{path}")
    assert response.status_code == status
    return unescape(response.content.decode())


def set_rule(account: Account, status: int = 302, **sent: str) -> str:
    answer = browser_of(account).post("/admin/retention/add/", {**OLD, **sent})
    assert answer.status_code == status
    return unescape(answer.content.decode())


def test_a_preview_says_what_would_go_and_the_rule_lets_it_go(people: People) -> None:
    append(people.ann, internal_date=LONG_AGO)
    append(people.ann)
    query = "?target=ann%40example.test&use=INBOX&action=archive&days=30&age=received"
    page = shown(people.admin, f"retention/preview/{query}")
    assert "1 message would go now." in page
    assert "move to Archive after 30 days" in page
    assert not RetentionRule.objects.exists()
    assert "/admin/retention/add/?target=ann%40example.test" in page
    set_rule(people.admin, target="ann@example.test")
    rule = RetentionRule.objects.get()
    assert "1 message would go now." in shown(people.admin, f"retention/{rule.pk}/")
    assert retention.run_due() == 1
    assert "That is nothing now." in shown(people.admin, f"retention/{rule.pk}/")
    assert AuditEntry.objects.filter(action="retention.set", target="ann@example.test").exists()
    browser_of(people.admin).post(f"/admin/retention/{rule.pk}/remove/")
    assert not RetentionRule.objects.exists()


def test_what_is_on_hold_stays_and_is_told_so(people: People) -> None:
    append(people.ann, internal_date=LONG_AGO)
    browser_of(people.admin).post("/admin/holds/add/", {"target": "ann@example.test"})
    assert RetentionHold.objects.filter(account=people.ann).exists()
    set_rule(people.admin, target="example.test")
    page = shown(people.admin, f"retention/{RetentionRule.objects.get().pk}/")
    assert "on hold: all" in page
    assert "0 messages would go now." in page
    assert retention.run_due() == 0


def test_one_mailbox_is_put_on_hold_and_released_by_its_name(people: People) -> None:
    sent = {"target": "ann@example.test", "mailbox": "Sent", "reason": "a case"}
    client = browser_of(people.admin)
    assert client.post("/admin/holds/add/", sent).status_code == 302
    assert client.post("/admin/holds/add/", sent).status_code == 422
    held = RetentionHold.objects.get()
    page = shown(people.admin, f"holds/{held.pk}/")
    assert "a case" in page
    assert "Sent" in page
    client.post(f"/admin/holds/{held.pk}/release/")
    assert holds.list_holds() == []


def test_rules_of_everybody_are_for_who_administers_everything(people: People) -> None:
    set_rule(people.admin, status=403, target="all")
    set_rule(people.root, target="all")
    everybodys = RetentionRule.objects.get()
    assert "Nothing goes by age." in shown(people.admin, "retention/")
    shown(people.admin, f"retention/{everybodys.pk}/", status=404)
    assert "everybody: INBOX" in shown(people.root, "retention/")
    set_rule(people.others_admin, status=422, target="ann@example.test")
    set_rule(people.others_admin, status=422, target="example.test")


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"target": "ann@example.test", "days": ""}, "Say after how many days."),
        ({"target": "ann@example.test", "mailbox": "Sent"}, "Name one mailbox of an account"),
        (
            {"target": "example.test", "use": "", "mailbox": "Sent"},
            "Name one mailbox of an account",
        ),
        ({"target": "ann@example.test", "use": "", "mailbox": "Nowhere"}, "has no mailbox Nowhere"),
        ({"target": "example.test", "mailbox": "Sent"}, "Name one mailbox of an account"),
        ({"target": "nobody@example.test"}, "nobody@example.test"),
        ({"target": "ann@example.test", "use": "Trash", "action": "trash"}, "cannot go there"),
    ],
)
def test_a_rule_that_is_none_is_refused_with_what_to_do(
    people: People, sent: dict[str, str], told: str
) -> None:
    assert told in set_rule(people.admin, status=422, **sent)
    assert not RetentionRule.objects.exists()


def test_a_preview_of_many_mailboxes_ends_and_says_so(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retentionforms, "MOST_MAILBOXES", 1)
    query = "?target=example.test&use=INBOX&action=delete&days=30"
    page = shown(people.admin, f"retention/preview/{query}")
    assert "There are more mailboxes than can be looked at in a moment" in page


def outside(account: Account) -> OutsideAccount:
    login = Login("imap", "mail.elsewhere.example", "ann.old", "open sesame")
    return OutsideAccount.objects.get(pk=accounts.add_outside(account.pk, login, Wishes(), "old"))


def test_an_outside_mailbox_is_shown_with_its_trouble_and_without_its_secret(
    people: People,
) -> None:
    held = outside(people.ann)
    OutsideAccount.objects.update(
        last_at=LONG_AGO, failed_since=LONG_AGO, outcome="The server does not answer."
    )
    page = shown(people.admin, f"outside/{held.pk}/")
    for text in ("ann.old", "mail.elsewhere.example:993", "The server does not answer.", "fails"):
        assert text in page
    assert "open sesame" not in page
    assert "fails" in shown(people.admin, "outside/")
    assert "mail.elsewhere.example" not in shown(people.others_admin, "outside/")


def test_an_outside_mailbox_is_paused_resumed_and_forgotten(people: People) -> None:
    held = outside(people.ann)
    client = browser_of(people.admin)
    for act, state in (("pause", OutsideState.PAUSED), ("resume", OutsideState.ACTIVE)):
        client.post(f"/admin/outside/{held.pk}/{act}/")
        held.refresh_from_db()
        assert held.state == state
    assert client.get(f"/admin/outside/{held.pk}/resume/").status_code == 404
    client.post(f"/admin/outside/{held.pk}/remove/")
    assert not OutsideAccount.objects.exists()
    actions = AuditEntry.objects.order_by("id").values_list("action", flat=True)
    assert list(actions)[-3:] == ["outside.pause", "outside.resume", "outside.remove"]
    assert "outside.pause" in shown(people.admin, "audit/?kind=outside")
    assert "outside.pause" not in shown(people.admin, "audit/?kind=retention")


@pytest.mark.parametrize("path", ["retention/", "holds/"])
def test_a_longer_list_asks_as_few_queries(people: People, path: str) -> None:
    browser = browser_of(people.admin)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(f"/admin/{path}").status_code == 200
        return len(queries)

    set_rule(people.admin, target="example.test")
    set_rule(people.admin, target="ann@example.test")
    browser.post("/admin/holds/add/", {"target": "ann@example.test"})
    few = count()
    for use in ("Sent", "Drafts"):
        set_rule(people.admin, target="ann@example.test", use=use)
    set_rule(people.admin, target="ann@example.test", use="", mailbox="INBOX")
    for mailbox in ("INBOX", "Sent"):
        browser.post("/admin/holds/add/", {"target": "ann@example.test", "mailbox": mailbox})
    assert count() == few
