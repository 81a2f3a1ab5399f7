"""Logins by the hour: counted at the door, by domain and protocol, and when each was last."""

from datetime import UTC, datetime

import pytest

from groupware.core import devices, limits
from groupware.core.devices import contacts
from groupware.core.devices.contacts import HOUR, SILENCE
from groupware.core.directory import create_domain
from groupware.core.errors import AuthenticationFailed, Throttled
from groupware.core.models import Account, Domain, LoginHour
from tests.services.core.devices.people import Time, contact, log_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_hashes")]


def test_logins_are_counted_by_hour_domain_and_protocol(eve: Account, time: Time) -> None:
    create_domain("alias.test", alias_of="example.test")
    log_in(eve.login)
    log_in(eve.login)
    for login in (eve.login, "nobody@alias.test", "x@elsewhere.test", "nonsense"):
        with pytest.raises(AuthenticationFailed):
            log_in(login, password="wrong")
    devices.flush()
    devices.note_failure(eve.login, "imap", throttled=True)
    time.now += HOUR
    devices.note_failure(eve.login, "imap")
    devices.flush()
    hour = time.now // HOUR * HOUR
    mine = devices.login_counts({eve.domain_id}, 0)
    assert mine == [
        devices.LoginCount(hour - HOUR, "imap", 2, 2, 1),
        devices.LoginCount(hour, "imap", 0, 1, 0),
    ]
    assert devices.login_counts(None, 0)[0] == devices.LoginCount(hour - HOUR, "imap", 2, 4, 1)
    assert devices.login_counts(None, hour) == mine[1:]
    assert devices.login_counts(set(), 0) == []


def test_requests_count_as_a_login_after_silence(eve: Account, time: Time) -> None:
    for _ in range(3):
        log_in(eve.login, "dav", "DAVx5/4.4")
        time.now += SILENCE
    devices.flush()
    time.now += 1
    log_in(eve.login, "dav", "DAVx5/4.4")
    devices.flush()
    assert sum(one.succeeded for one in devices.login_counts(None, 0)) == 2


def test_names_of_strangers_are_counted_together_where_they_are_many(domain: Domain) -> None:
    for number in range(contacts.MOST_NAMES + 5):
        devices.note_failure(f"x@d{number}.test", "imap")
    assert len(contacts.take_logins()) == contacts.MOST_NAMES + 1


@pytest.mark.parametrize("domain_of_it", ["a\0b.test", "\udc80\udcff", "a\nb"])
def test_a_domain_that_is_no_text_is_counted_without_its_name(
    eve: Account, domain_of_it: str
) -> None:
    devices.note_failure(f"x@{domain_of_it}", "imap")
    devices.flush()
    [held] = LoginHour.objects.all()
    assert (held.domain_id, held.failed) == (0, 1)


def test_waiting_is_counted_apart(eve: Account) -> None:
    for number in range(limits.FREE_FAILURES.value):
        with pytest.raises(AuthenticationFailed):
            log_in(eve.login, password=f"wrong {number}")
    with pytest.raises(Throttled):
        log_in(eve.login)
    devices.flush()
    [held] = devices.login_counts({eve.domain_id}, 0)
    assert (held.failed, held.throttled) == (limits.FREE_FAILURES.value, 1)


def test_last_logins_are_by_protocol(eve: Account, ann: Account, time: Time) -> None:
    contact(eve, "mutt")
    contact(eve, "aerc", "pop3")
    devices.flush()
    time.now += 100
    contact(eve, "pine")
    devices.flush()
    assert devices.last_logins([eve.pk, ann.pk]) == {
        eve.pk: {"imap": time.now, "pop3": time.now - 100}
    }
    assert datetime.fromtimestamp(time.now, UTC).year > 2026
