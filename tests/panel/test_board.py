"""The overview, the queue, the trace and the audit log: what they show, and of whom."""

import re
from html import unescape

import pytest

from groupware.core import devices, directory, roles
from groupware.core.clock import epoch
from groupware.core.models import Account, LoginHour
from mail.models import QueuedRecipient
from mail.services import queue, trace
from mail.services.queue import QueueFilter
from mail.services.trace import Note, Step
from tests.panel.people import People, browser_of
from tests.services.mail.outbound.queueing import queued, to
from tests.services.store import append, create, prepared

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data")]


def shown(account: Account, path: str) -> str:
    """Return what somebody is shown, as a reader reads it."""
    response = browser_of(account).get(f"/admin/{path}")
    assert response.status_code == 200
    return unescape(response.content.decode())


def traced(account: Account, *steps: Step, message_id: str = "m1@there.test") -> None:
    """Let steps of a message of somebody's be in the trace."""
    with trace.kept():
        for step in steps:
            found = Note(step, "boss@there.test", account.login, account_id=account.pk, size=1_000)
            trace.note(found._replace(message_id=message_id, detail=f"it was {step}"))


def test_the_overview_draws_mail_logins_and_space(people: People) -> None:
    append(people.ann, data=prepared(size=50_000))
    append(people.ben, data=prepared(size=10_000))
    traced(people.ann, Step.DELIVERED, Step.DELIVERED, Step.BOUNCED)
    hour = epoch() // 3600 * 3600
    domain_id = people.domain.pk
    LoginHour.objects.create(
        hour=hour, domain_id=domain_id, protocol="imap", succeeded=7, failed=2, throttled=1
    )
    assert devices.login_counts(None, hour)
    page = shown(people.admin, "")
    descriptions = re.findall(r"<desc[^>]*>([^<]*)</desc>", page)
    assert "into mailboxes: 2, to other servers: 0, refused or given up: 1" in descriptions
    assert "signed in: 7, refused: 3" in descriptions
    assert page.index("ann@example.test</text>") < page.index("ben@example.test</text>")
    assert "it was bounced" in page
    assert "it was delivered" not in page


def test_the_overview_of_another_domain_has_nothing_of_it(people: People) -> None:
    append(people.ann, data=prepared(size=50_000))
    traced(people.ann, Step.DELIVERED, Step.BOUNCED)
    page = shown(people.others_admin, "")
    assert "into mailboxes: 0, to other servers: 0, refused or given up: 0" in page
    assert "Everything arrived." in page


def test_the_help_desk_sees_no_mail_of_anybody(people: People) -> None:
    traced(people.ann, Step.BOUNCED)
    page = shown(people.help_desk, "")
    assert "boss@there.test" not in page
    assert "Mail by the day" not in page
    for path in ("trace/", "audit/", "queue/"):
        assert browser_of(people.help_desk).get(f"/admin/{path}").status_code == 403


def test_the_way_of_a_message_is_told_from_its_first_step_on(people: People) -> None:
    traced(people.ann, Step.RECEIVED, Step.DELIVERED)
    traced(people.ann, Step.BOUNCED, message_id="m2@there.test")
    page = shown(people.admin, "trace/?message=m1%40there.test")
    assert page.index("it was received") < page.index("it was delivered")
    assert "it was bounced" not in page
    assert "it was received" in shown(people.admin, "trace/?q=ann%40example")
    assert "it was received" not in shown(people.admin, "trace/?step=bounced")
    assert "Nothing here is as you search for." in shown(people.admin, "trace/?q=nobody")
    assert "boss@there.test" not in shown(people.others_admin, "trace/?message=m1%40there.test")


def test_pages_of_the_trace_follow_each_other_without_a_gap(people: People) -> None:
    for number in range(120):
        traced(people.ann, Step.SENT, message_id=f"n{number}@there.test")
    found: list[str] = []
    path = "trace/"
    for _ in range(3):
        page = shown(people.admin, path)
        found += re.findall(r"message=(n\d+)%40there\.test", page)
        older = re.search(r'rel="next" href="(\?[^"]+)"', page)
        path = f"trace/{older[1]}" if older else ""
    assert path == ""
    assert found == [f"n{number}" for number in reversed(range(120))]


@pytest.mark.parametrize("before", ["", "x", "1-", "99999999999999999999-1", "1-2-3", "-5--5"])
def test_a_page_that_nobody_gave_out_is_the_newest(people: People, before: str) -> None:
    traced(people.ann, Step.SENT)
    assert "it was sent" in shown(people.admin, f"trace/?before={before}")
    assert shown(people.admin, f"audit/?before={before}")
    assert shown(people.admin, f"queue/?after={before}")


def test_the_audit_log_tells_who_did_what(people: People) -> None:
    roles.grant_role(create("desk2@example.test").login, "help-desk", "example.test")
    page = shown(people.admin, "audit/?kind=role&q=desk2")
    assert "gave a role" in page
    assert "role.grant" in page
    assert "created the account" not in page
    assert "desk2@example.test" not in shown(people.others_admin, "audit/?q=desk2").replace(
        'value="desk2', ""
    )


def test_the_queue_says_why_and_takes_orders(people: People) -> None:
    message = queued(people.ann, *to("someone@outside.test"))
    QueuedRecipient.objects.update(attempts=2, reply="450 come back later", host="mx.outside.test")
    page = shown(people.admin, "queue/")
    assert "450 come back later" in page
    assert "mx.outside.test" in page
    client = browser_of(people.admin)
    sent = {"action": "hold", "message": str(message.pk)}
    answer = client.post("/admin/queue/", sent, follow=True)
    assert "Done for 1 recipient." in answer.content.decode()
    assert queue.count_queue(QueueFilter(is_held=True)) == 1
    assert "Nothing here is as" in shown(people.admin, "queue/?state=waiting")
    client.post("/admin/queue/", {**sent, "action": "drop-silently"})
    assert queue.count_queue(QueueFilter()) == 0


def test_mail_of_another_domain_is_nobody_elses_to_drop(people: People) -> None:
    message = queued(people.ann, *to("someone@outside.test"))
    assert "someone@outside.test" not in shown(people.others_admin, "queue/")
    client = browser_of(people.others_admin)
    client.post("/admin/queue/", {"action": "drop", "message": str(message.pk)})
    assert queue.count_queue(QueueFilter()) == 1


def test_dropping_wants_a_fresh_sign_in_and_an_order_that_is_one(people: People) -> None:
    message = queued(people.ann, *to("someone@outside.test"))
    stale = browser_of(people.admin, is_fresh=False)
    answer = stale.post("/admin/queue/", {"action": "drop", "message": str(message.pk)})
    assert answer.headers["Location"].startswith("/account/login/")
    for wrong in ({"action": "explode", "message": "1"}, {"action": "hold"}, {}):
        told = browser_of(people.admin).post("/admin/queue/", wrong, follow=True)
        assert "Choose messages, and what is to be done." in told.content.decode()
    assert queue.count_queue(QueueFilter()) == 1


def test_an_account_that_leaves_and_cannot_is_told(people: People) -> None:
    from groupware.core.leaving import departures
    from groupware.core.models import Departure

    departures.begin(directory.get_account(people.ann.login), days=3, wants_export=False)
    assert "accounts that are leaving" in shown(people.admin, "")
    Departure.objects.update(trouble="It is on hold.")
    assert 'class="card bad"' in shown(people.admin, "")
