"""The team that transcripts are played with."""

from collections.abc import Iterator

import pytest


@pytest.fixture
def imap_team(relaxed: None) -> Iterator[None]:
    """Give anna and ben of team.example their mailboxes, and carla hers, with 4 KiB of quota."""
    from groupware.core import aio, directory
    from groupware.core.directory import NewAccount
    from tests.transcripts.runner import PASSWORD

    directory.create_domain("team.example")
    for name in ("anna", "ben"):
        directory.create_account(NewAccount(f"{name}@team.example", password=PASSWORD))
    directory.create_account(NewAccount("carla@team.example", password=PASSWORD, quota_bytes=4_096))
    yield
    aio.close_crossing()


@pytest.fixture
def anna(relaxed: None) -> Iterator[int]:
    """Make anna@team.example with three messages for POP3, and ben without any; yield her id."""
    from groupware.core import aio, directory
    from groupware.core.directory import NewAccount
    from tests.transcripts.pop3_playing import MESSAGES, PASSWORD, deliver

    directory.create_domain("team.example")
    account = directory.create_account(NewAccount("anna@team.example", password=PASSWORD))
    directory.create_account(NewAccount("ben@team.example", password=PASSWORD))
    for message in MESSAGES:
        deliver(account.pk, message)
    yield account.pk
    aio.close_crossing()
