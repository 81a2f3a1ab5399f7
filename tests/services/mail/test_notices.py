"""What the server writes to people by itself: that it comes, once, to whom it concerns."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from groupware.core import blobs, directory, limits, outbox, quotawarnings, rights
from groupware.core.clock import epoch
from groupware.core.models import Account, OutboxRow, QuotaWarning
from mail.models import Inbound
from mail.services import fanout, notices, signing
from tests.conftest import SetLimit
from tests.services.store import append, create, mailbox, prepared, rows_of, state_of

pytestmark = pytest.mark.django_db(transaction=True)

QUOTA = 100_000


def fill(account: Account, percent: int, name: str = "INBOX") -> None:
    """Append one message, so that the account is so full."""
    size = QUOTA * percent // 100 - state_of(account).bytes_used
    append(account, name, data=prepared(size=size, subject="Pictures"))


def send() -> int:
    """Do what the worker does; return how many rows of the outbox that was."""
    done = outbox.sweep()
    fanout.work_off(now=epoch() + 10)
    return done


def read_last(account: Account) -> EmailMessage:
    """Return the last message of an account's INBOX."""
    _, prefix, location = rows_of(account, "INBOX", "uid", "prefix", "blob_location")[-1]
    data = bytes(prefix) + blobs.read_location(location)
    parsed = message_from_bytes(data, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


@pytest.fixture
def full(ann: Account) -> Account:
    """Return an account with a quota."""
    directory.set_quota(ann.login, QUOTA)
    return ann


def test_the_owner_is_told_in_clear_words(full: Account) -> None:
    fill(full, 30, "Trash")
    fill(full, 82)
    assert send() == 1
    told = read_last(full)
    assert told["Subject"] == "Your account is 82 % full"
    assert told["From"] == "Postmaster <postmaster@example.test>"
    assert told["To"] == full.login
    assert told["Auto-Submitted"] == "auto-generated"
    assert told["Date"].datetime.tzinfo is not None
    text = told.get_content()
    assert "uses 80.1K of the 97.7K that it may use" in text
    assert "INBOX (mail, 1)" in text
    assert "Empty Trash: that alone makes 29.3K free." in text
    assert "restored for 14 days" in text
    assert max(map(len, text.splitlines())) <= 78


def test_it_is_told_once_however_often_the_row_is_worked_off(full: Account) -> None:
    fill(full, 82)
    payload = OutboxRow.objects.get(topic=quotawarnings.WARN).payload
    for _ in range(2):
        notices.warn_of_quota(payload)
    assert Inbound.objects.count() == 1
    assert send() == 1
    assert mailbox(full).items == 2
    assert QuotaWarning.objects.get().is_told


def test_it_arrives_where_nothing_else_does(full: Account) -> None:
    fill(full, 100)
    send()
    assert read_last(full)["Subject"] == "Your account is 100 % full"
    assert state_of(full).bytes_used > QUOTA


def test_it_is_from_nobody_and_signed_by_the_domain(full: Account) -> None:
    signing.create_key(full.domain.name, algorithm="ed25519")
    fill(full, 82)
    outbox.sweep()
    [taken] = Inbound.objects.all()
    assert (taken.mail_from, taken.account_id, taken.is_trusted) == ("", None, True)
    [recipient] = taken.recipients.all()
    assert (recipient.address, recipient.notify) == (full.login, "NEVER")
    fanout.work_off(now=epoch() + 10)
    assert "d=example.test" in read_last(full)["DKIM-Signature"]


def test_who_made_room_meanwhile_is_not_told(full: Account) -> None:
    fill(full, 82)
    directory.set_quota(full.login, 10 * QUOTA)
    assert send() == 1
    assert mailbox(full).items == 1


def test_account_that_is_gone_is_told_nothing(full: Account) -> None:
    notices.warn_of_quota({"account": full.pk + 1000})
    assert mailbox(full).items == 0


def test_nothing_restorable_is_promised_where_nothing_is_kept(
    full: Account, set_limit: SetLimit
) -> None:
    set_limit(limits.UNDELETE_DAYS, 0)
    fill(full, 82)
    send()
    assert "restored" not in read_last(full).get_content()


@pytest.fixture
def info(ann: Account) -> Account:
    """Return a shared account with a quota."""
    return create("info@example.test", kind="shared", quota_bytes=QUOTA)


def manage(account: Account, grantee: str) -> None:
    """Let somebody manage an account."""
    rights.grant(account, None, rights.find_grantee(grantee), rights.parse_rights("manage"))


def test_of_a_shared_account_those_are_told_who_manage_it(
    info: Account, ann: Account, ben: Account
) -> None:
    cleo = create("cleo@example.test")
    directory.create_group("team@example.test")
    directory.create_group("staff@example.test")
    directory.add_member("team@example.test", "staff@example.test")
    directory.add_member("staff@example.test", cleo.login)
    manage(info, ann.login)
    manage(info, "team@example.test")
    assert list(notices.find_readers(info)) == [ann, cleo]
    fill(info, 82)
    send()
    assert read_last(ann)["Subject"] == "The account info@example.test is 82 % full"
    assert read_last(cleo)["To"] == cleo.login
    assert (mailbox(ben).items, mailbox(info).items) == (0, 1)


def test_of_an_account_that_nobody_manages_the_administrators_are_told(
    info: Account, ann: Account, ben: Account
) -> None:
    assert list(notices.find_readers(info)) == []
    directory.create_domain("other.test")
    far = create("far@other.test", is_admin=True)
    assert list(notices.find_readers(info)) == [far]
    near = create("near@example.test", is_admin=True)
    assert list(notices.find_readers(info)) == [near]
    rights.grant(info, None, ben, rights.parse_rights("read"))
    assert list(notices.find_readers(info)) == [near]
    directory.set_active(near.login, active=False)
    assert list(notices.find_readers(info)) == [far]
