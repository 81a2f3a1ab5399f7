"""The team that transcripts are played with."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from pytest_django.fixtures import Settings

if TYPE_CHECKING:
    from tests.transcripts.smtp_people import RecordedFanOut


@pytest.fixture
def imap_team(relaxed: None) -> Iterator[None]:
    """Give anna and ben of team.example their mailboxes, and carla hers, with 4 KiB of quota."""
    from groupware.core import aio, directory
    from groupware.core.directory import NewAccount
    from tests.transcripts.bearers import known_tokens
    from tests.transcripts.runner import PASSWORD

    directory.create_domain("team.example")
    anna, _ = (
        directory.create_account(NewAccount(f"{name}@team.example", password=PASSWORD))
        for name in ("anna", "ben")
    )
    directory.create_account(NewAccount("carla@team.example", password=PASSWORD, quota_bytes=4_096))
    with known_tokens(anna.pk):
        yield
    aio.close_crossing()


@pytest.fixture
def anna(relaxed: None) -> Iterator[int]:
    """Make anna@team.example with three messages for POP3, and ben without any; yield her id."""
    from groupware.core import aio, directory
    from groupware.core.directory import NewAccount
    from tests.transcripts.bearers import known_tokens
    from tests.transcripts.lines import PASSWORD
    from tests.transcripts.pop3_playing import MESSAGES, deliver

    directory.create_domain("team.example")
    account = directory.create_account(NewAccount("anna@team.example", password=PASSWORD))
    directory.create_account(NewAccount("ben@team.example", password=PASSWORD))
    for message in MESSAGES:
        deliver(account.pk, message)
    with known_tokens(account.pk):
        yield account.pk
    aio.close_crossing()


@pytest.fixture
def fan_out(monkeypatch: pytest.MonkeyPatch) -> "Iterator[RecordedFanOut]":
    """Keep what is taken where it is, and return what was to be delivered."""
    from mail.smtp.fanning import FanOut
    from tests.transcripts.smtp_people import RecordedFanOut, record

    recorded = RecordedFanOut()
    monkeypatch.setattr(FanOut, "add", lambda _, inbound_id: recorded.begin(inbound_id))
    record(recorded)
    yield recorded
    record(None)


@pytest.fixture
def smtp_team(relaxed: None, fan_out: "RecordedFanOut", settings: Settings) -> Iterator[None]:
    """Make anna, bo and jürgen of team.example, and a DNS that knows of nothing."""
    from groupware.core import aio, directory, dns
    from groupware.core.directory import NewAccount
    from tests.mailflow.dns import serving_dns
    from tests.transcripts.bearers import known_tokens
    from tests.transcripts.lines import PASSWORD

    for name in ("team.example", "example.test"):
        directory.create_domain(name)
    anna, _ = (
        directory.create_account(NewAccount(f"{name}@team.example", password=PASSWORD))
        for name in ("anna", "bo")
    )
    directory.create_address("jürgen@team.example", ["bo@team.example"])
    directory.create_address("postmaster@example.test", ["anna@team.example"])
    dns.forget_answers()
    with serving_dns() as served, known_tokens(anna.pk):
        settings.GROUPWARE_DNS_SERVERS = served.servers
        yield
    aio.close_crossing()
