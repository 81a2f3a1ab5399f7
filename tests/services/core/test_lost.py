"""What is left out after the power may have taken the last second with it."""

from pathlib import Path

import pytest

from groupware.core import doctor, lost
from groupware.core.changes import begin_change
from groupware.core.models import Account, Collection
from tests.services.store import append, mailbox, state_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data")]


@pytest.mark.sqlite
def test_new_start_of_the_machine_is_noted_once(ann: Account, own_data: Path) -> None:
    assert lost.note_boot(own_data, "monday")
    assert not lost.note_boot(own_data, "monday")
    assert lost.note_boot(own_data, "tuesday")
    assert len(lost.list_lost(ann.pk)) == 2


@pytest.mark.sqlite
def test_where_nobody_was_yet_nothing_is_left_out(db: None, own_data: Path) -> None:
    assert not lost.note_boot(own_data, "monday")
    assert (own_data / "boot-id").read_text() == "monday"


@pytest.mark.sqlite
def test_machine_that_tells_nothing_of_its_starts_may_always_have_begun_anew(
    ann: Account, own_data: Path
) -> None:
    assert [lost.note_boot(own_data, "") for _ in range(2)] == [True, True]


@pytest.mark.postgresql
def test_database_server_loses_nothing_that_it_committed(ann: Account, own_data: Path) -> None:
    assert not lost.note_boot(own_data, "monday")
    assert lost.list_lost(ann.pk) == []


def test_kernel_tells_its_start() -> None:
    assert len(lost.read_boot_id()) == 36


def test_no_change_gets_a_mod_sequence_that_may_be_known_already(ann: Account) -> None:
    append(ann)
    unused = state_of(ann).next_modseq
    lost.skip_modseqs()
    assert lost.list_lost(ann.pk) == [(unused, unused + lost.SKIPPED - 1)]
    assert begin_change(ann.pk).modseq > unused + lost.SKIPPED


def test_every_mailbox_has_another_highest_modseq_that_is_not_lost_itself(ann: Account) -> None:
    append(ann)
    before = mailbox(ann).highest_modseq
    lost.skip_modseqs()
    told = {box.highest_modseq for box in Collection.objects.filter(account=ann, kind="mail")}
    [(first, last)] = lost.list_lost(ann.pk)
    assert before < first
    assert told == {last + 1}


def test_store_is_as_sound_as_before(ann: Account, ben: Account) -> None:
    append(ann)
    lost.skip_modseqs()
    append(ben)
    assert list(doctor.examine(doctor.Examination())) == []
