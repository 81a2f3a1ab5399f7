"""Write transactions: what is durable when, and what follows the commit."""

import pytest

from groupware.core import db
from groupware.core.changes import begin_change
from groupware.core.models import Account, Domain
from tests.services.store import create, state_of
from tests.services.threads import in_thread

pytestmark = pytest.mark.django_db(transaction=True)


def modseq(account: Account) -> int:
    """Return the next modseq that another connection sees."""
    return in_thread(lambda: state_of(account).next_modseq)


def change(account: Account) -> None:
    with db.write_transaction():
        begin_change(account.pk)


def test_write_is_there_for_others_when_the_block_is_left(ann: Account) -> None:
    before = modseq(ann)
    with db.write_transaction():
        begin_change(ann.pk)
        assert modseq(ann) == before
    assert modseq(ann) == before + 1


def test_failed_block_undoes_everything(ann: Account) -> None:
    before = modseq(ann)
    with pytest.raises(ValueError, match="no"), db.write_transaction():  # noqa: PT012
        begin_change(ann.pk)
        raise ValueError("no")
    assert modseq(ann) == before
    change(ann)
    assert modseq(ann) == before + 1


def test_inner_transaction_is_durable_only_with_the_outer_one(ann: Account) -> None:
    before = modseq(ann)
    with pytest.raises(ValueError, match="no"), db.write_transaction():  # noqa: PT012
        change(ann)
        raise ValueError("no")
    assert modseq(ann) == before


def test_inner_failure_undoes_only_the_inner_writes(ann: Account) -> None:
    before = modseq(ann)
    with db.write_transaction():
        change(ann)
        with pytest.raises(ValueError, match="no"), db.write_transaction():  # noqa: PT012
            begin_change(ann.pk)
            raise ValueError("no")
        change(ann)
    assert modseq(ann) == before + 2


def test_callbacks_follow_the_outermost_commit_in_order(ann: Account) -> None:
    called: list[str] = []
    with db.write_transaction():
        db.on_commit(lambda: called.append("first"))
        with db.write_transaction():
            db.on_commit(lambda: called.append("second"))
        assert called == []
    assert called == ["first", "second"]


def test_callback_of_an_undone_savepoint_is_dropped(ann: Account) -> None:
    called: list[str] = []
    with db.write_transaction():
        with pytest.raises(ValueError, match="no"), db.write_transaction():  # noqa: PT012
            db.on_commit(lambda: called.append("undone"))
            raise ValueError("no")
        db.on_commit(lambda: called.append("kept"))
    assert called == ["kept"]


def test_callback_without_a_transaction_is_called_at_once(ann: Account) -> None:
    called: list[str] = []
    db.on_commit(lambda: called.append("now"))
    assert called == ["now"]


def test_callback_holds_no_lock(ann: Account) -> None:
    """It may write, and so may another thread while it runs."""
    before = modseq(ann)

    def write_twice() -> None:
        change(ann)
        in_thread(lambda: change(ann))

    with db.write_transaction():
        begin_change(ann.pk)
        db.on_commit(write_twice)
    assert modseq(ann) == before + 3


def test_callback_of_a_callback_is_called(ann: Account) -> None:
    called: list[str] = []

    def write_again() -> None:
        with db.write_transaction():
            begin_change(ann.pk)
            db.on_commit(lambda: called.append("inner"))

    with db.write_transaction():
        db.on_commit(write_again)
        db.on_commit(lambda: called.append("last"))
    assert called == ["inner", "last"]


def test_failing_callback_fails_nothing_else(
    ann: Account, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    called: list[str] = []
    before = modseq(ann)

    def fail() -> None:
        raise LookupError("a callback's own bug")

    with db.write_transaction():
        begin_change(ann.pk)
        db.on_commit(fail)
        db.on_commit(lambda: called.append("next"))
    assert called == ["next"]
    assert modseq(ann) == before + 1
    assert "a callback's own bug" in caplog.text + "".join(capsys.readouterr())


def test_snapshot_sees_one_state_while_others_write(ann: Account) -> None:
    with db.read_snapshot():
        before = state_of(ann).next_modseq
        in_thread(lambda: change(ann))
        in_thread(lambda: create("cai@example.test"))
        assert state_of(ann).next_modseq == before
        assert not Account.objects.filter(login="cai@example.test").exists()
    assert state_of(ann).next_modseq == before + 1
    assert Account.objects.filter(login="cai@example.test").exists()


def test_snapshot_does_not_wait_for_a_writer(ann: Account) -> None:
    def read() -> int:
        with db.read_snapshot():
            return state_of(ann).next_modseq

    before = modseq(ann)
    with db.write_transaction():
        begin_change(ann.pk)
        assert in_thread(read) == before


def test_write_inside_a_snapshot_is_refused(ann: Account) -> None:
    before = modseq(ann)
    with db.read_snapshot(), pytest.raises(RuntimeError), db.write_transaction():
        begin_change(ann.pk)
    change(ann)
    assert modseq(ann) == before + 1


def test_snapshot_inside_a_transaction_sees_its_own_writes(ann: Account) -> None:
    with db.write_transaction():
        change_of = begin_change(ann.pk)
        with db.read_snapshot():
            assert state_of(ann).next_modseq == change_of.modseq + 1
        begin_change(ann.pk)


def test_failed_snapshot_leaves_the_connection_usable(ann: Account) -> None:
    with pytest.raises(Domain.DoesNotExist), db.read_snapshot():
        Domain.objects.get(name="nowhere.test")
    change(ann)
