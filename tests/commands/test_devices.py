"""`manage.py account devices`: what connects to an account, and how far behind it is."""

import pytest

from groupware.core import devices, directory
from groupware.core.models import Account
from groupware.core.principals import Principal
from groupware.management.devices import UNTOLD
from tests.commands.running import call, call_json
from tests.services.store import append, create, mailbox

pytestmark = pytest.mark.django_db(transaction=True)

ANN = "ann@example.org"


@pytest.fixture
def ann(transactional_db: None) -> Account:
    directory.create_domain("example.org")
    return create(ANN)


def test_nothing_has_connected_at_first(ann: Account) -> None:
    assert call("account", "devices", ANN).strip() == f"Nothing has connected to {ANN} yet."


def test_each_is_shown_with_its_last_contact_and_how_far_behind_it_is(ann: Account) -> None:
    devices.forget_all()
    who = Principal(ann.pk, ann.login, 1)
    inbox = mailbox(ann)
    mutt = devices.note_login(who, "imap", "192.0.2.1", "mutt 2.2")
    mutt.tell(inbox.collection_id, inbox.highest_modseq)
    devices.note_login(who, "pop3", "192.0.2.2")
    append(ann)
    devices.finish()
    lines = sorted(call("account", "devices", ANN).splitlines()[1:])
    assert [line.split()[0] for line in lines] == ["imap", "pop3"]
    assert "mutt 2.2" in lines[0]
    assert lines[0].rstrip().endswith("1 change")
    assert lines[1].rstrip().endswith(UNTOLD)
    by_protocol = {one["protocol"]: one for one in call_json("account", "devices", ANN)}
    assert by_protocol["imap"]["behind"] == {"number": 1, "is_least": False}
    [known] = by_protocol["imap"]["collections"]
    assert (known["name"], known["behind"]["number"]) == ("mail/INBOX", 1)
    assert by_protocol["pop3"]["behind"] is None
    assert by_protocol["pop3"]["last_seen"].endswith("+00:00")
