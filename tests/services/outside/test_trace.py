"""What is fetched from elsewhere leaves a step, wherever it is filed."""

import pytest

from mail.services import trace
from mail.services.outside.accounts import Wishes
from mail.services.trace import TraceFilter
from tests.services.outside.fetched import Elsewhere, fetch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("mailbox", ["", "Archive"])
def test_a_message_that_is_fetched_is_delivered(elsewhere: Elsewhere, mailbox: str) -> None:
    elsewhere.put(b"Message-ID: <7@there>\r\nSubject: x\r\n\r\nx\r\n")
    key = elsewhere.add(wishes=Wishes(mailboxes=(("INBOX", mailbox),)))
    with trace.kept():
        fetch(key)
        fetch(key)
    [found] = trace.search(TraceFilter())
    account = elsewhere.account
    assert (found.step, found.message_id, found.recipient) == (
        "delivered",
        "7@there",
        account.login,
    )
    assert (found.account_id, found.domain_id) == (account.pk, account.domain_id)
    assert (found.reference, found.peer) == (f"outside {key}", "127.0.0.1")
    assert found.detail == "fetched from an account elsewhere"
