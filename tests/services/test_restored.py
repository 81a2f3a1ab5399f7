"""After a restore from a backup nothing that clients were told since it counts any more."""

import pytest
from django.db import transaction

from contacts.models import Directory
from contacts.services.directory import refresh_directory
from groupware.core.clock import epoch
from groupware.core.doctor.restored import begin_all_anew
from groupware.core.models import Account, Collection
from mail import queries
from mail.services.mailboxes import create_mailbox
from tests.commands.running import call, call_json
from tests.services.damage import find
from tests.services.store import append, create, mailbox, state_of, uids_of

pytestmark = pytest.mark.django_db


def test_what_clients_were_told_in_the_lost_time_never_comes_again(ann: Account) -> None:
    append(ann)
    backup = transaction.savepoint()
    create_mailbox(ann.pk, "Lost")
    for name in ("INBOX", "Lost"):
        append(ann, name)
    told = {name: mailbox(ann, name) for name in ("INBOX", "Lost")}
    transaction.savepoint_rollback(backup)
    assert begin_all_anew() == Collection.objects.count()
    create_mailbox(ann.pk, "Lost")
    for name in ("INBOX", "Lost"):
        append(ann, name)
        assert mailbox(ann, name).uid_validity > max(row.uid_validity for row in told.values())
        assert mailbox(ann, name).highest_modseq > told[name].highest_modseq
    assert uids_of(ann) == [1, 2]
    changes = queries.list_changes(
        mailbox(ann).collection_id, since_modseq=told["INBOX"].highest_modseq, known_uid_next=3
    )
    assert [row[0] for row in changes.changed] == [2]
    assert find() == []


def test_tokens_of_a_directory_count_no_more(ann: Account) -> None:
    refresh_directory(ann.domain_id)
    before = Directory.objects.get().token_epoch
    begin_all_anew()
    assert before < Directory.objects.get().token_epoch >= epoch() - 60


def test_one_account_may_begin_anew_alone(ann: Account) -> None:
    ben = create("ben@example.test")
    untouched = state_of(ben).next_modseq
    assert begin_all_anew(ann.pk) == Collection.objects.filter(account=ann).count()
    assert state_of(ben).next_modseq == untouched
    assert begin_all_anew(10**9) == 0


def test_the_doctor_does_it_when_he_is_told(ann: Account) -> None:
    validity = mailbox(ann).uid_validity
    number = Collection.objects.count()
    note = f"Note: {number} collections began anew: every client loads everything again."
    assert call("doctor", "--restored").splitlines()[0] == note
    assert mailbox(ann).uid_validity > validity
    told = call_json("doctor", "--restored", "--account", ann.login)
    assert told["notes"][0]["check"] == "restored"
