"""SETACL beside others who change the same rights."""

import pytest

from groupware.core import db, rights
from groupware.core.errors import NotFound
from groupware.core.models import Account
from mail.imap.handlers.sharing import change_acl
from mail.imap.requests import RightsChange, SetAcl
from tests.services.store import collection_of
from tests.services.threads import SECONDS, threads, wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_loses_the_right_at_the_same_moment_grants_nothing(ann: Account, ben: Account) -> None:
    """Whoever was an administrator could otherwise bring back what is being taken away."""
    inbox = collection_of(ann)
    rights.grant(ann, inbox, ben, rights.parse_rights("all"))
    name = f"Other Users/{ann.login}/INBOX"
    request = SetAcl(name, "example.test", RightsChange.REPLACE, rights.LETTERS)
    with threads(1) as start:
        with db.write_transaction():
            rights.revoke(ann, inbox, ben)
            granting = start(lambda: change_acl(ben.pk, request))
            wait_until_blocked(granting)
        with pytest.raises(NotFound):
            granting.result(SECONDS)
    assert not rights.list_grants(ann.pk)
