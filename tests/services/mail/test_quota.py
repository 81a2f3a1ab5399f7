"""Whose quota a mailbox is under, and who is told of it (RFC 9208 §4.1, §6, §8)."""

import pytest

from groupware.core import rights
from groupware.core.errors import NotAllowed, NotFound
from groupware.core.models import Account, AccountState
from groupware.core.quota import Quota, get_quota
from mail.imap.handlers.quota import find_root, render_quota_root
from tests.services.store import append, collection_of, prepared

pytestmark = pytest.mark.django_db


def limit(account: Account, octets: int) -> None:
    AccountState.objects.filter(account=account).update(quota_bytes=octets)


def test_quota_is_what_is_used_and_what_may_be(ann: Account) -> None:
    append(ann, data=prepared(1_500))
    append(ann, "Sent", data=prepared(600))
    assert get_quota(ann.pk) == Quota(ann.login, 2_100, 0)
    limit(ann, 5_000)
    assert get_quota(ann.pk) == Quota(ann.login, 2_100, 5_000)
    with pytest.raises(NotFound):
        get_quota(0)


@pytest.mark.parametrize(
    ("used", "octets", "told"),
    [(0, 1, b"0 1"), (1, 1_024, b"1 1"), (1_024, 1_025, b"1 2"), (1_025, 3 << 40, b"2 3221225472")],
)
def test_use_and_limit_are_told_in_begun_kibibytes(
    ann: Account, used: int, octets: int, told: bytes
) -> None:
    AccountState.objects.filter(account=ann).update(bytes_used=used, quota_bytes=octets)
    lines = render_quota_root(ann.pk, "INBOX").splitlines()
    assert lines[1] == b"* QUOTA ann@example.test (STORAGE " + told + b")"
    AccountState.objects.filter(account=ann).update(bytes_used=0)


@pytest.mark.parametrize("letters", ["lr", "r", "l", "i"])
def test_root_of_another_is_told_to_whoever_may_read_a_mailbox_in_it(
    ann: Account, ben: Account, letters: str
) -> None:
    name = f"Other Users/{ben.login}/INBOX"
    for told in (lambda: find_root(ann.pk, ben.login), lambda: render_quota_root(ann.pk, name)):
        with pytest.raises(NotFound):
            told()
    rights.grant(ben, collection_of(ben), ann, rights.parse_rights(letters))
    if "r" in letters:
        assert find_root(ann.pk, ben.login).login == ben.login
        assert render_quota_root(ann.pk, name).splitlines() == [
            f'* QUOTAROOT "{name}" {ben.login}'.encode(),
            f"* QUOTA {ben.login} ()".encode(),
        ]
        return
    with pytest.raises(NotFound):
        find_root(ann.pk, ben.login)
    with pytest.raises(NotAllowed if letters == "l" else NotFound):
        render_quota_root(ann.pk, name)


def test_mailbox_that_is_not_there_is_under_ones_own_root_but_for_others_names(
    ann: Account, ben: Account
) -> None:
    assert render_quota_root(ann.pk, "Later/Perhaps").startswith(
        b"* QUOTAROOT Later/Perhaps ann@example.test\r\n"
    )
    rights.grant(ben, None, ann, rights.parse_rights("lr"))
    for name in (f"Other Users/{ben.login}/Nothing", "Other Users", "Shared Folders/x"):
        with pytest.raises(NotFound):
            render_quota_root(ann.pk, name)
