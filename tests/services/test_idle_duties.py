"""What is due again and again takes no lock where there is nothing to do: nobody waits for it."""

from collections.abc import Iterator

import pytest

from groupware.core import db, limits
from groupware.core.db.transactions import write_lock
from groupware.core.errors import Busy
from groupware.core.models import Account
from groupware.duties import DUTIES, Duty
from mail.services.copying import move_messages
from tests.conftest import SetLimit
from tests.services.mail.taking import deliver
from tests.services.store import append, mailbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def settled(ann: Account, ben: Account) -> None:
    """Let there be mail, and everything done that is to be done about it."""
    append(ann)
    deliver(ben.login, mail_from=ann.login)
    inbox, trash = mailbox(ann).collection_id, mailbox(ann, "Trash").collection_id
    move_messages(ann.pk, inbox, [(1, 1)], ann.pk, trash)
    for _ in range(2):
        for duty in DUTIES:
            duty.do()


@pytest.fixture
def locked(settled: None, set_limit: SetLimit) -> Iterator[None]:
    """Hold the lock that every write needs, so that a write fails."""
    set_limit(limits.LOCK_TIMEOUT, 0.2)
    with write_lock().held(5):
        yield


@pytest.mark.sqlite
def test_what_finds_nothing_to_do_waits_for_no_lock(locked: None) -> None:
    with pytest.raises(Busy), db.write_transaction():
        pass
    assert [duty.name for duty in DUTIES if _waits(duty)] == []


def _waits(duty: Duty) -> bool:
    try:
        duty.do()
    except Busy:
        return True
    return False
