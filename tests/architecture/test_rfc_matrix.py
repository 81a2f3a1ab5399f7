"""docs/rfc-matrix.md against what the servers announce and the tests that there are."""

import ast
import asyncio
import re

import pytest

from groupware.core.aio import change_watch, read
from groupware.core.auth import Principal
from groupware.core.hub import Hub
from groupware.dav.application import Application
from groupware.dav.handlers.options import FEATURES, METHODS
from groupware.environment import BASE_DIR
from mail.imap.capabilities import capabilities_of
from mail.imap.handlers import HANDLERS
from mail.imap.session import Session, Shared
from mail.pop3.handlers import HANDLERS as POP3_HANDLERS
from mail.pop3.handlers.basic import capabilities_of as pop3_capabilities_of
from mail.pop3.limits import Limits as Pop3Limits
from mail.pop3.session import Session as Pop3Session
from mail.pop3.session import Shared as Pop3Shared
from mail.smtp.fanning import FanOut
from mail.smtp.limits import ServerLimits
from mail.smtp.lmtp import LmtpSession
from mail.smtp.networks import Networks
from mail.smtp.reception import ReceptionSession
from mail.smtp.session import Session as SmtpSession
from mail.smtp.session import Shared as SmtpShared
from mail.smtp.submission import SubmissionSession
from tests.transcripts.drivers import MemoryOutput

TESTS = BASE_DIR / "tests"
MATRIX = (BASE_DIR / "docs" / "rfc-matrix.md").read_text("utf-8")
SHOWN = sorted(set(re.findall(r"`([\w/-]+\.(?:py|txt)(?:::\w+)?)`", MATRIX)))


def rows_of(chapter: str) -> list[list[str]]:
    """Return the cells of a chapter's table, without its head."""
    text = MATRIX.partition(f"\n## {chapter}\n")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def named_in(chapter: str) -> set[str]:
    return {name for row in rows_of(chapter) for name in re.findall(r"`([^`]+)`", row[1])}


async def announced_by_imap() -> set[str]:
    """Return the capabilities before TLS, within it and after login, without a limit's value."""
    hub, watch = Hub(asyncio.get_running_loop(), read), change_watch()
    session = Session(
        Shared(HANDLERS, hub, watch),
        MemoryOutput(),
        lambda _event: None,
        secure=False,
        network="192.0.2.1",
    )
    announced = capabilities_of(session)
    session.secure = True
    announced += capabilities_of(session)
    session.principal = Principal(account_id=1, login="anna@team.example", credential_epoch=1)
    announced += capabilities_of(session)
    await hub.close()
    watch.close()
    return {re.sub(r"(?<=^APPENDLIMIT)=\d+$", "", name) for name in announced}


async def announced_by_smtp(*roles: type[SmtpSession]) -> set[str]:
    """Return the keywords before TLS and within it, without their parameters."""
    limits = ServerLimits(connections=1, connections_before_login=1, idle_timeout=1)
    announced: set[str] = set()
    for role in roles:
        for secure in (False, True):
            shared = SmtpShared(limits, Networks(limits), FanOut(lambda _: None))
            session = role(shared, MemoryOutput(), secure=secure)
            announced |= {keyword.split()[0] for keyword in session.keywords()}
    return announced


async def announced_by_pop3() -> set[str]:
    """Return the capabilities before TLS and within it, without their arguments."""
    hub = Hub(asyncio.get_running_loop(), read)
    shared = Pop3Shared(POP3_HANDLERS, hub, Pop3Limits(login_delay=60))
    announced: set[str] = set()
    for secure in (False, True):
        session = Pop3Session(shared, MemoryOutput(), secure=secure, network="192.0.2.1")
        announced |= {line.split()[0] for line in pop3_capabilities_of(session)}
    await hub.close()
    return announced


async def test_every_capability_of_pop3_is_in_the_matrix_and_no_other() -> None:
    assert named_in("POP3") == await announced_by_pop3()


@pytest.mark.django_db
async def test_every_capability_is_in_the_matrix_and_no_other() -> None:
    assert named_in("IMAP") == await announced_by_imap()


async def test_every_keyword_of_lhlo_is_in_the_matrix_and_no_other() -> None:
    assert named_in("LMTP") == await announced_by_smtp(LmtpSession)


async def test_every_keyword_of_ehlo_is_in_the_matrix_and_no_other() -> None:
    assert named_in("SMTP") == await announced_by_smtp(ReceptionSession, SubmissionSession)


def test_every_method_and_class_of_options_is_in_the_matrix_and_no_other() -> None:
    assert named_in("DAV") == {*METHODS, *FEATURES}
    answered = {name.removeprefix("do_") for name in dir(Application) if name.startswith("do_")}
    assert answered == set(METHODS)


@pytest.mark.parametrize(
    "chapter",
    [
        "IMAP",
        "POP3",
        "LMTP",
        "Reception and delivery",
        "Authentication of messages",
        "Sending to other servers",
        "Messages",
        "Mail from elsewhere",
        "Calendar objects",
        "Cards",
        "DAV",
        "REST",
    ],
)
def test_every_row_names_an_rfc_and_what_shows_it(chapter: str) -> None:
    rows = rows_of(chapter)
    assert len(rows) > 5
    assert {len(row) for row in rows} == {4}
    assert [row for row in rows if not re.match(r"\d{4}\b", row[0])] == []
    shown = [re.findall(r"`([^`]+)`", row[3]) for row in rows]
    assert all(shown)
    assert [name for names in shown for name in names if name not in SHOWN] == []


@pytest.mark.parametrize("shown", SHOWN)
def test_whatever_the_matrix_names_is_there(shown: str) -> None:
    path, _, test = shown.partition("::")
    assert (TESTS / path).is_file()
    if path.endswith(".py"):
        tree = ast.parse((TESTS / path).read_text("utf-8"))
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        assert not test or test in {
            node.name for node in ast.walk(tree) if isinstance(node, functions)
        }


def test_every_transcript_is_in_the_matrix() -> None:
    transcripts = {
        path.relative_to(TESTS).as_posix() for path in (TESTS / "transcripts").rglob("*.txt")
    }
    assert transcripts - set(SHOWN) == set()
