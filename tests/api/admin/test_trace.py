"""The trace and the traffic over REST: by pages and filters, and by the role's reach."""

import pytest

from groupware.core.models import Account
from mail.services import trace
from mail.services.trace import Note, Step
from tests.api.admin.team import Team
from tests.api.speaking import problem

pytestmark = pytest.mark.django_db


def steps(response: object) -> list[tuple[str, str]]:
    items = response.json()["items"]  # type: ignore[attr-defined]
    return [(item["step"], item["recipient"]) for item in items]


def test_a_domain_admin_finds_its_domains_messages_alone(team: Team) -> None:
    own, other = "person@example.test", "person@other.test"
    assert steps(team["dora"].get("/admin/trace")) == [("delivered", own), ("received", own)]
    assert steps(team["odo"].get("/admin/trace?q=person")) == [
        ("delivered", other),
        ("received", other),
    ]
    assert steps(team["dora"].get("/admin/trace?q=other.test")) == []
    assert len(steps(team["root"].get("/admin/trace"))) == 4
    problem(team["heidi"].get("/admin/trace"), 403, "not-allowed")


def test_a_message_is_followed_step_by_step_by_who_may(team: Team) -> None:
    path = "/admin/trace/message?message_id=%3C1@example.test%3E"
    way = team["dora"].get(path).json()
    assert [step["step"] for step in way["steps"]] == ["received", "delivered"]
    first = way["steps"][0]
    assert (first["sender"], first["size"], first["reference"]) == ("boss@outside.test", 1_000, "7")
    assert first["domain_id"] == team.own.domain_id
    told = problem(team["odo"].get(path), 404, "not-found")
    assert told["detail"] == "Nothing is known of the message <1@example.test>."
    problem(team["dora"].get("/admin/trace/message"), 422, "invalid")


def test_pages_go_on_where_they_ended_and_filters_hold(team: Team) -> None:
    root = team["root"]
    first = root.get("/admin/trace?limit=3").json()
    rest = root.get(f"/admin/trace?limit=3&cursor={first['next']}").json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (3, 1, None)
    moments = [item["moment"] for item in first["items"] + rest["items"]]
    assert moments == sorted(moments, reverse=True)
    assert len(steps(root.get("/admin/trace?step=received"))) == 2
    assert steps(root.get("/admin/trace?end=2026-01-01T00:00:00Z")) == []
    assert len(steps(root.get("/admin/trace?start=2026-01-01T00:00:00Z&sender=BOSS"))) == 4
    problem(root.get("/admin/trace?step=lost"), 422, "invalid")


def note_delivery(account: Account) -> None:
    with trace.kept():
        trace.note(Note(Step.DELIVERED, recipient=account.login, account_id=account.pk, size=5))


def test_a_state_tells_whether_anything_came_of_ones_own(team: Team) -> None:
    state = team["dora"].get("/admin/trace").json()["state"]
    note_delivery(team.other.person)
    assert team["dora"].get(f"/admin/trace?since={state}").json()["items"] == []
    note_delivery(team.own.person)
    problem(team["dora"].get(f"/admin/trace?since={state}"), 410, "state-expired")


def test_traffic_is_summed_by_hour_over_the_domains_of_the_role(team: Team) -> None:
    note_delivery(team.own.person)
    for name, messages, octets in (("dora", 2, 1_005), ("odo", 1, 1_000), ("root", 3, 2_005)):
        items = team[name].get("/admin/traffic").json()["items"]
        assert sum(item["messages"] for item in items) == messages
        assert sum(item["octets"] for item in items) == octets
        assert {item["direction"] for item in items} == {"in"}
        assert {item["hour"][13:] for item in items} == {":00:00Z"}
    assert team["dora"].get("/admin/traffic?start=2100-01-01T00:00:00Z").json()["items"] == []
    problem(team["hilde"].get("/admin/traffic"), 403, "not-allowed")
