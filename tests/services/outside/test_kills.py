"""kill -9 in the middle of a fetch: nothing twice, nothing lost, nothing gone there too early."""

from typing import Any

import pytest

from groupware.core.directory import create_domain
from mail.models import OutsideAccount, OutsideMessage
from mail.services.outside import fetching, rounds
from mail.services.outside.accounts import Wishes
from tests.services.outside.dovecot import Dovecot
from tests.services.outside.fetched import Elsewhere, fetch, letter
from tests.services.processes import Channel, go, running
from tests.services.store import create

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

NUMBER = 7


def fetch_in_batches(channel: Channel, outside_id: int) -> Any:
    """Run in a process of its own, which does not come to its end."""
    fetching.BATCH = 2
    report = rounds.fetch_now(outside_id)
    return report.counts.fetched


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
@pytest.mark.parametrize(
    "point", [f"{name}:{n}" for name in ("before-commit", "after-commit") for n in (2, 3, 5)]
)
def test_a_fetch_that_is_killed_goes_on_where_it_was(
    dovecot: Dovecot, protocol: str, point: str
) -> None:
    create_domain("example.test")
    elsewhere = Elsewhere(create("ann@example.test"), dovecot)
    sent = [letter(n) for n in range(NUMBER)]
    elsewhere.put(*sent)
    key = elsewhere.add(protocol, Wishes(after="delete"))
    variables = {"GROUPWARE_CRASH_AT": point, "GROUPWARE_SOURCE_NETWORKS": "127.0.0.0/8"}
    with (
        pytest.raises(EOFError),
        running(fetch_in_batches, (key,), **variables) as channels,
    ):
        go(channels)
    here = elsewhere.here()
    assert OutsideMessage.objects.count() == len(here)
    assert here == sent[: len(here)]
    there = len(elsewhere.dovecot.flags_of(elsewhere.user))
    assert there >= NUMBER - len(here), "nothing goes there that is not here"
    OutsideAccount.objects.update(leased_until=0)
    fetch(key)
    assert elsewhere.here() == sent
    assert elsewhere.dovecot.flags_of(elsewhere.user) == []
