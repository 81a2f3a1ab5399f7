"""Examples of the delta law that once failed, each as short as it gets."""

from collections.abc import Callable, Iterator

import pytest

from groupware.core import aio, auth, directory, events, rights
from groupware.core.models import Account
from tests.delta.commands import Change, Command
from tests.delta.law import catch_up, check_law, read_fresh
from tests.delta.memory import Memory
from tests.delta.operations import Choice, message_bytes
from tests.delta.resync import Left, come_back, leave
from tests.delta.world import DOMAIN, MemoryLine, World

Connect = Callable[[str, bool], MemoryLine]


@pytest.fixture
def world(relaxed: None) -> Iterator[World]:
    directory.create_domain(DOMAIN)
    world = World(print)
    world.deliver(message_bytes(1))
    world.deliver(message_bytes(2))
    yield world
    world.close()
    aio.close_crossing()


def opened(world: World, name: str, *, condstore: bool) -> MemoryLine:
    """Return a client that knows all of INBOX."""
    line = world.connect(name, condstore=condstore, memory=Memory())
    line.do("SELECT", "INBOX")
    assert catch_up(line)
    return line


def resyncing(world: World, name: str) -> MemoryLine:
    """Return a client with QRESYNC that knows all of INBOX."""
    line = world.connect(name, condstore=True, qresync=True, memory=Memory())
    line.do("SELECT", "INBOX")
    assert catch_up(line)
    return line


def come_back_to(world: World, left: Left | None, choice: Choice | None = None) -> None:
    """Hold a client that comes back with what it held to the law."""
    assert left is not None
    line = world.connect("back", condstore=True, qresync=True, memory=Memory())
    assert come_back(line, left, choice or Choice())
    check(world, line)


def check(world: World, line: MemoryLine) -> None:
    """Hold a client to the law."""
    assert catch_up(line)
    check_law(line, read_fresh(world.connect("new", condstore=True, memory=Memory()), "INBOX"))


def store_silently(line: MemoryLine, arguments: str, change: Change) -> Command:
    assert line.client.mailbox is not None
    targets = list(line.client.mailbox.messages)
    command = Command("STORE", arguments, targets=targets, change=change)
    line.run(command)
    return command


@pytest.mark.parametrize("condstore", [True, False])
@pytest.mark.parametrize("theirs", ["\\Flagged", "\\Seen"])
def test_silent_store_tells_what_another_session_had_stored(
    world: World, theirs: str, condstore: bool
) -> None:
    mine = opened(world, "1", condstore=condstore)
    opened(world, "2", condstore=False).do("STORE", f"1:2 +FLAGS ({theirs})")
    store_silently(
        mine, "1:2 +FLAGS.SILENT (\\Seen)", Change("+", frozenset({"\\seen"}), silent=True)
    )
    check(world, mine)


def test_silent_store_on_messages_some_of_which_are_gone_succeeds(world: World) -> None:
    mine = opened(world, "1", condstore=False)
    other = opened(world, "2", condstore=False)
    other.do("STORE", "1 +FLAGS (\\Deleted)")
    other.do("EXPUNGE")
    command = store_silently(
        mine, "1:2 +FLAGS.SILENT (\\Seen)", Change("+", frozenset({"\\seen"}), silent=True)
    )
    assert command.is_ok
    check(world, mine)


def test_fetch_that_sets_seen_tells_the_modseq_to_who_knows_of_it(world: World) -> None:
    mine = opened(world, "1", condstore=True)
    mine.do("FETCH", "1 BODY[]")
    check(world, mine)


def test_append_is_answered_although_the_open_mailbox_is_gone(world: World) -> None:
    mine = world.connect("1", condstore=False, memory=Memory())
    mine.do("SELECT", "Archive")
    opened(world, "2", condstore=False).do("DELETE", "Archive")
    command = Command("APPEND", "INBOX", message_bytes(3))
    assert not mine.run(command)
    assert command.is_ok


def test_doubt_of_credentials_takes_in_nothing_that_the_client_is_not_told(world: World) -> None:
    mine = opened(world, "1", condstore=False)
    world.deliver(message_bytes(3))
    events.publish(events.CredentialsChanged(world.account_id))
    world.settle()
    mine.do("SEARCH", "ALL")
    check(world, mine)


@pytest.mark.parametrize("idling", [True, False])
def test_revoked_session_ends_whether_it_idles_or_not(world: World, idling: bool) -> None:
    mine = opened(world, "1", condstore=False)
    if idling:
        mine.idle()
    auth.end_sessions(world.account_id)
    world.settle()
    assert mine.client.has_ended


def test_who_comes_back_is_told_of_a_removal_that_waited(world: World) -> None:
    mine, other = resyncing(world, "1"), opened(world, "2", condstore=False)
    other.do("STORE", "1 +FLAGS (\\Deleted)")
    mine.do("NOOP")
    other.do("EXPUNGE")
    mine.do("STORE", "2 +FLAGS (\\Seen)")
    assert mine.client.mailbox is not None
    assert len(mine.client.mailbox.messages) == 2
    come_back_to(world, leave(mine.client.mailbox))


def test_a_flag_that_was_told_after_a_removal_is_told_once_that_is_told_too(world: World) -> None:
    mine, other = resyncing(world, "1"), opened(world, "2", condstore=False)
    other.do("STORE", "1 +FLAGS (\\Deleted)")
    other.do("EXPUNGE")
    mine.do("FETCH", "2 (FLAGS MODSEQ)")
    before = leave(mine.client.mailbox)
    mine.do("NOOP")
    after = leave(mine.client.mailbox)
    assert before is not None
    assert after is not None
    assert before.modseq < after.modseq
    come_back_to(world, after)


@pytest.mark.parametrize("form", [0, 0b100, 0b110])
def test_who_was_away_longer_than_tombstones_are_kept_is_told_what_is_gone(
    world: World, form: int
) -> None:
    world.deliver(message_bytes(3))
    mine, other = resyncing(world, "1"), opened(world, "2", condstore=False)
    left = leave(mine.client.mailbox)
    other.do("STORE", "2 +FLAGS (\\Deleted)")
    other.do("EXPUNGE")
    world.expire_tombstones()
    come_back_to(world, left, Choice(messages=255, form=form))


def test_fetch_that_sets_seen_tells_what_others_changed_before_its_modseq(
    world: World,
) -> None:
    mine = resyncing(world, "1")
    other = opened(world, "2", condstore=False)
    other.do("STORE", "1 +FLAGS (\\Flagged)")
    mine.do("FETCH", "2 BODY[]")
    come_back_to(world, leave(mine.client.mailbox))


def test_who_reads_along_is_told_at_once_while_idling_that_it_is_over(world: World) -> None:
    reader = world.connect("1", condstore=False, memory=Memory(), reads_along=True)
    reader.do("SELECT", "INBOX")
    reader.idle()
    owner, who = (Account.objects.get(pk=key) for key in (world.account_id, world.reader_id))
    rights.grant(owner, None, who, rights.parse_rights("lr"))
    world.settle()
    assert not reader.client.has_ended
    rights.revoke(owner, None, who)
    world.settle()
    assert reader.client.has_ended
