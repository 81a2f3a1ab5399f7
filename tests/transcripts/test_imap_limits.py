"""Limits of IMAP's answers, met in a transcript of their own."""

import asyncio
from pathlib import Path

import pytest

from groupware.core import limits
from tests.conftest import SetLimit
from tests.transcripts.drivers import Client, MemoryClient
from tests.transcripts.playing import deliver, new_shared
from tests.transcripts.runner import Runner
from tests.transcripts.script import read_script

pytestmark = pytest.mark.usefixtures("imap_team")

SAVED = """
@message one
Subject: one

1
@end
@login 1 anna
@deliver anna INBOX one
@deliver anna INBOX one
@deliver anna INBOX one
C: a1 SELECT INBOX
S: ...
S: a1 OK ...
C: a2 SEARCH RETURN (SAVE) 2:3
S: a2 OK ...
C: a3 SEARCH RETURN (SAVE COUNT) ALL
S: a3 NO [NOTSAVED] ...
C: a4 SEARCH $
S: * SEARCH
S: a4 OK ...
C: a5 SEARCH RETURN (SAVE MIN) ALL
S: * ESEARCH (TAG "a5") MIN 1
S: a5 OK ...
"""


async def play(path: Path) -> None:
    async with new_shared() as shared:

        async def connect(secure: bool) -> Client:
            return MemoryClient(shared, secure=secure, size=1 << 20)

        await Runner(read_script(path), connect, deliver).run()


def test_a_result_that_is_too_large_is_not_saved(set_limit: SetLimit, tmp_path: Path) -> None:
    set_limit(limits.IMAP_SAVED_RESULT, 2)
    transcript = tmp_path / "saved.txt"
    transcript.write_text(SAVED, "utf-8")
    asyncio.run(play(transcript))
