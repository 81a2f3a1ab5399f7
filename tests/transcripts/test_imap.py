"""Every IMAP transcript, in memory (whole, then octet by octet) and over TCP.

Those that are named `…-tcp.txt` are about the transport, and played over TCP only.
"""

from pathlib import Path

import pytest

from tests.transcripts.playing import play_in_memory, play_over_tcp

TRANSCRIPTS = sorted(Path(__file__).parent.glob("imap/*.txt"))

pytestmark = pytest.mark.usefixtures("imap_team")


def each_of(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


@pytest.mark.parametrize("size", [1 << 20, 1], ids=["whole", "octets"])
@each_of([path for path in TRANSCRIPTS if not path.stem.endswith("-tcp")])
async def test_transcript_in_memory(path: Path, size: int) -> None:
    await play_in_memory(path, size)


@each_of(TRANSCRIPTS)
async def test_transcript_over_tcp(path: Path) -> None:
    await play_over_tcp(path)
