"""Asking on the command line where messages went."""

import pytest
from django.core.management import CommandError

from groupware.core import directory
from mail.services import queue, trace
from mail.services.queue import QueueFilter
from mail.services.trace import TraceFilter
from tests.commands.running import call, call_json
from tests.services.mail.outbound.queueing import queued, to
from tests.services.mail.taking import deliver
from tests.services.store import create, message

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def traced(transactional_db: None) -> None:
    """Let there be two messages in the trace."""
    directory.create_domain("example.test")
    create("ann@example.test")
    with trace.kept():
        deliver("ann@example.test", data=message(message_id="1@there"))
        queued(None, *to("ben@other.test"), data=message(message_id="2@there"))


def test_the_newest_steps_come_last_and_say_what_became_of_each(traced: None) -> None:
    lines = call("trace").splitlines()
    assert lines[0].split()[:3] == ["WHEN", "(UTC)", "WHAT"]
    words = [line.split() for line in lines[1:]]
    assert [word[2] for word in words] == ["received", "delivered", "forwarded", "queued"]
    assert words[1][3:5] == ["boss@outside.test", "ann@example.test"]


def test_filters_narrow_and_one_message_is_followed(traced: None) -> None:
    found = call_json("trace", "--to", "ann@")
    assert [one["step"] for one in found] == ["received", "delivered"]
    assert call_json("trace", "--message", "<1@there>") == found
    assert [one["step"] for one in call_json("trace", "2@there", "--step", "queued")] == ["queued"]
    assert call_json("trace", "--until", "1h") == []
    assert len(call_json("trace", "--since", "1h", "--from", "boss", "--limit", "1")) == 1
    assert call("trace", "nobody") == "Nothing like that is in the trace."
    with pytest.raises(CommandError, match="Nothing is known of <3@there>"):
        call("trace", "--message", "<3@there>")


def test_what_a_command_does_is_traced_with_its_name(traced: None) -> None:
    call("queue", "hold", "--all")
    [held] = trace.search(TraceFilter(step="held"))
    assert held.detail.startswith("by ")
    assert queue.count_queue(QueueFilter(is_held=True)) == 1
