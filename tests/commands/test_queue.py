"""Looking at the queue and changing it."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError
from pytest_django.fixtures import Settings

from groupware.core import directory
from groupware.core.clock import epoch
from mail.models import QueuedMessage, QueuedRecipient
from tests.commands.running import call, call_json
from tests.services.mail.outbound.queueing import notices, queued, to
from tests.services.store import create

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def messages(transactional_db: None, settings: Settings, tmp_path: Path) -> list[int]:
    """Return the ids of two messages: one was tried, one has two recipients."""
    settings.GROUPWARE_DATA = tmp_path
    directory.create_domain("example.test")
    account = create("ann@example.test")
    first = queued(account, *to("ben@other.test")).pk
    second = queued(account, *to("eve@third.test", "x@other.test")).pk
    QueuedRecipient.objects.filter(message_id=first).update(
        attempts=2,
        last_attempt_at=epoch() - 60,
        next_attempt_at=epoch() + 600,
        code=451,
        status="4.7.1",
        reply="4.7.1 come again " + "x" * 80,
        host="mx.other.test",
    )
    return [first, second]


def test_the_list_says_why_each_waits_and_until_when(messages: list[int]) -> None:
    lines = call("queue", "list").splitlines()
    assert lines[0].split() == [
        *("ID", "FROM", "TO", "SIZE", "SINCE", "(UTC)", "TRIES", "NEXT", "(UTC)"),
        *("WHY", "IT", "WAITS"),
    ]
    assert "mx.other.test: 451 4.7.1 come again" in lines[1]
    assert lines[1].endswith("…")
    assert "not tried yet" in lines[2]
    assert " now " in lines[2]
    assert lines[-1] == "3 recipients of 2 messages."
    assert call("queue", "list", "--limit", "1").endswith(
        "1 recipient of 1 message. 2 more: see --limit."
    )


def test_a_machine_gets_every_field(messages: list[int]) -> None:
    rows = call_json("queue", "list")
    assert [row["message_id"] for row in rows] == [messages[0], messages[1], messages[1]]
    assert rows[0]["reply"].startswith("4.7.1 come again")
    assert rows[0]["next_attempt_at"] > rows[0]["last_attempt_at"]
    assert rows[1]["last_attempt_at"] is None
    assert json.loads(json.dumps(rows)) == rows


def test_one_message_is_shown_with_each_recipient(messages: list[int]) -> None:
    text = call("queue", "show", str(messages[1]))
    for part in ("From:      <ann@example.test>", "To:     eve@third.test", "never", "Next:   now"):
        assert part in text
    assert len(call_json("queue", "show", str(messages[1]))) == 2
    with pytest.raises(CommandError, match="There is no message 999 in the queue"):
        call("queue", "show", "999")


def test_nothing_is_changed_by_mistake(messages: list[int]) -> None:
    for command in ("hold", "release", "retry", "drop"):
        with pytest.raises(CommandError, match="Say which: an ID"):
            call("queue", command)
        with pytest.raises(CommandError, match="Nothing like that is in the queue"):
            call("queue", command, "--to-domain", "nowhere.test")
    assert QueuedRecipient.objects.count() == 3


def test_what_is_held_is_seen_and_released(messages: list[int]) -> None:
    assert call("queue", "hold", "--to-domain", "other.test").startswith("Held 2 recipients")
    assert call("queue", "list").endswith("3 recipients of 2 messages, 2 held.")
    assert len(call_json("queue", "list", "--held")) == 2
    assert call_json("queue", "release", "--all") == {"released": 2}


def test_what_waits_is_tried_now(messages: list[int]) -> None:
    assert call_json("queue", "retry", str(messages[0])) == {"retried": 1}
    assert QueuedRecipient.objects.get(message_id=messages[0]).next_attempt_at <= epoch()


def test_what_is_dropped_goes_back_unless_nobody_is_to_know(messages: list[int]) -> None:
    assert call("queue", "drop", "--to", "x@", "--silent") == (
        "Dropped 1 recipient; nobody is told."
    )
    assert notices() == []
    assert call("queue", "drop", "--domain", "example.test") == (
        "Dropped 2 recipients; their senders are told."
    )
    assert len(notices()) == 2
    assert not QueuedMessage.objects.exists()
    assert call("queue", "list") == "The queue is empty."
    assert call("queue", "list", "--held") == "Nothing like that is in the queue."
