"""Submissions at once, with each other and with programs that file their own copy."""

from functools import partial

import pytest

from groupware.core import limits
from groupware.core.directory import create_domain
from groupware.core.models import Account
from mail.models import Inbound, SubmissionUse
from mail.refusals import Refused
from tests.conftest import SetLimit
from tests.services.mail.test_sent_copies import put
from tests.services.store import create, uids_of
from tests.services.submitting import submit_as
from tests.services.threads import threads

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ann(transactional_db: None) -> Account:
    create_domain("example.test")
    return create("ann@example.test")


def text(number: int) -> bytes:
    return f"From: ann@example.test\r\nMessage-ID: <{number}@example.test>\r\n\r\n{number}\r\n".encode()


def test_limit_of_an_hour_is_exact_whoever_sends_at_once(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.SENDING_MESSAGES, 5)

    def send(number: int) -> bool:
        try:
            submit_as(ann.login, text(number))
        except Refused:
            return False
        return True

    with threads(8) as start:
        sent = [start(partial(send, number)) for number in range(16)]
    assert sum(future.result() for future in sent) == 5
    assert Inbound.objects.count() == len(uids_of(ann, "Sent")) == 5
    assert sum(SubmissionUse.objects.values_list("messages", flat=True)) == 5


def test_copy_is_one_whichever_of_server_and_program_is_first(ann: Account) -> None:
    with threads(4) as start:
        for number in range(8):
            start(partial(submit_as, ann.login, text(number)))
            start(partial(put, ann, text(number)))
    assert Inbound.objects.count() == 8
    assert len(uids_of(ann, "Sent")) == 8
