"""Invitations: a link that lets a person choose a password, once and for some days."""

from datetime import timedelta

import pytest

from groupware.core import auth, limits
from groupware.core.clock import now
from groupware.core.directory import set_active
from groupware.core.errors import AuthenticationFailed, Invalid, NotFound
from groupware.core.leaving import invitations
from groupware.core.models import Account, AuditEntry, Invitation
from tests.conftest import SetLimit
from tests.services.store import PASSWORD, create

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_hashes")]


def test_a_link_sets_the_password_that_the_person_chooses(ann: Account) -> None:
    secret = invitations.invite(ann.login)
    assert invitations.find_invited(secret) == ann
    invitations.accept(secret, PASSWORD)
    proven = auth.authenticate(ann.login, PASSWORD, protocol="imap", network="192.0.2.1")
    assert proven.account_id == ann.pk
    done = AuditEntry.objects.order_by("id").values_list("actor", "action")
    assert list(done)[-2:] == [("server", "account.invite"), (ann.login, "account.set-password")]


def test_a_link_is_good_once(ann: Account) -> None:
    secret = invitations.invite(ann.login)
    invitations.accept(secret, PASSWORD)
    with pytest.raises(NotFound, match="has been used"):
        invitations.accept(secret, "another password")
    proven = auth.authenticate(ann.login, PASSWORD, protocol="imap", network="192.0.2.1")
    assert proven.account_id == ann.pk


def test_a_password_that_is_none_leaves_the_link_good(ann: Account) -> None:
    secret = invitations.invite(ann.login)
    with pytest.raises(Invalid, match="at least 8"):
        invitations.accept(secret, "short")
    invitations.accept(secret, PASSWORD)


def test_a_second_link_ends_the_first(ann: Account) -> None:
    first, second = invitations.invite(ann.login), invitations.invite(ann.login)
    with pytest.raises(NotFound):
        invitations.find_invited(first)
    assert invitations.find_invited(second) == ann


def test_a_link_is_good_for_as_many_days_as_the_limit_says(
    ann: Account, set_limit: SetLimit
) -> None:
    set_limit(limits.INVITATION_DAYS, 2)
    secret = invitations.invite(ann.login)
    held = Invitation.objects.get()
    assert held.expires_at - held.created_at == timedelta(days=2)
    assert invitations.expire() == 0
    Invitation.objects.update(expires_at=now())
    with pytest.raises(NotFound, match="has expired"):
        invitations.accept(secret, PASSWORD)
    assert invitations.expire() == 1


def test_a_link_that_was_taken_back_opens_nothing(ann: Account) -> None:
    secret = invitations.invite(ann.login)
    invitations.take_back(ann.login)
    with pytest.raises(NotFound):
        invitations.accept(secret, PASSWORD)
    with pytest.raises(NotFound, match="no invitation"):
        invitations.take_back(ann.login)


def test_the_database_holds_nothing_that_opens_an_account(ann: Account) -> None:
    secret = invitations.invite(ann.login)
    assert secret.encode() not in bytes(Invitation.objects.get().digest)
    with pytest.raises(NotFound):
        invitations.find_invited(bytes(Invitation.objects.get().digest).hex())


def test_only_people_who_may_sign_in_are_invited(ann: Account) -> None:
    create("room@example.test", kind="room")
    with pytest.raises(Invalid, match="Only a person"):
        invitations.invite("room@example.test")
    secret = invitations.invite(ann.login)
    set_active(ann.login, active=False)
    with pytest.raises(Invalid, match="disabled"):
        invitations.invite(ann.login)
    with pytest.raises(NotFound):
        invitations.accept(secret, PASSWORD)
    with pytest.raises(AuthenticationFailed):
        auth.authenticate(ann.login, PASSWORD, protocol="imap", network="192.0.2.1")
