"""States of lists, as programs see them: they tell nothing of what is not shared."""

import base64
import json

import pytest

from groupware.core import rights
from groupware.core.models import Account, AccountState
from tests.api.speaking import Api, problem
from tests.services.store import append, collection_of

pytestmark = pytest.mark.django_db


def state_of(bens: Api) -> str:
    return str(bens.get("/mailboxes").json()["state"])


def test_a_state_shows_no_counter_of_those_who_share(ann: Account, bens: Api) -> None:
    ben = bens.account
    assert ben is not None
    rights.grant(ann, collection_of(ann), ben, rights.parse_rights("lr"))
    before = state_of(bens)
    for _ in range(12):
        append(ann, "Archive")
    after = state_of(bens)
    assert len(before) == len(after)
    assert state_of(bens) != after, "two of the same moment differ as two of others do"
    assert bens.get(f"/mailboxes?since={before}").json()["items"] == []
    AccountState.objects.filter(account=ann).update(next_modseq=1 << 40)
    assert len(state_of(bens)) == len(before)


def test_a_state_from_before_they_were_sealed_has_expired(bens: Api) -> None:
    told = json.dumps(["scope", {"1": [1, 5]}]).encode()
    old = base64.urlsafe_b64encode(told).rstrip(b"=").decode()
    problem(bens.get(f"/mailboxes?since={old}"), 410, "state-expired")
