"""Under strace: blob, folder and log are on disk before the write of the reply begins.

The bytes of a small blob are in the log of its row, and leave it only when they are on disk where
blobs lie.

SQLite only: PostgreSQL syncs its log itself, in a process of its own, before it answers COMMIT.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crash.model import message_bytes
from tests.crash.store import PASSWORD, Store, copy_template
from tests.crash.trace import SYNCS, TRACED, WRITES, Call, Telling, parse_trace
from tests.crash.wires import ImapWire, LmtpWire
from tests.serve.running import serving, wait_for

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.sqlite]

REPLIES = {"lmtp": "250 2.0.0", "imap": "OK [APPENDUID"}
STORED = "OK Stored"
SIZES = ("first", "small", "large")
"""The first message makes what every later one finds."""
UNSYNCED = ("-shm", ".lock", ".db", ".sock", ".log")
"""Files that need not outlive a power cut: shared memory, locks, metrics, notices, the log."""


@dataclass(frozen=True, slots=True)
class Traced:
    """A server that was traced while it took a small and a large message by each protocol."""

    directory: str
    calls: list[Call]
    carrying: list[Call]
    """What a process did that carried small bytes over afterwards."""

    def telling(self, protocol: str, size: str) -> Telling:
        """Return what happened until one of the messages was told to be kept."""
        message = f"<{size}-{protocol}>"
        return Telling(self.calls, message=message, reply=REPLIES[protocol])

    def telling_flags(self) -> Telling:
        """Return what happened from STORE until its reply."""
        return Telling(self.calls, message="STORE 1", reply=STORED)


@pytest.fixture(scope="module")
def traced(store_template: Store, tmp_path_factory: pytest.TempPathFactory) -> Traced:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed: run `make test-deps`")
    probe = subprocess.run(
        [strace, "-f", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False
    )
    if probe.returncode:
        pytest.skip(f"strace is not permitted here: {probe.stderr.strip()}")
    directory = tmp_path_factory.mktemp("traced")
    store = copy_template(store_template, directory, f"sqlite://{directory}/groupware.sqlite3")
    calls = parse_trace(trace(strace, store, directory, directory / "trace"))
    carrying = parse_trace(trace_carrying(strace, store, directory / "carrying"))
    return Traced(str(directory), calls, carrying)


def flags_synced(directory: Path, output: Path) -> bool:
    """Tell whether the log was synced after the reply to STORE began."""
    calls = parse_trace(output.read_text())
    told = [call.began for call in calls if call.name in WRITES and STORED in call.arguments]
    log = f"{directory}/groupware.sqlite3-wal"
    return any(
        call.began > told[0] for call in calls if told and call.name in SYNCS and call.path == log
    )


def trace(strace: str, store: Store, directory: Path, output: Path) -> str:
    """Return what the servers did while they took the messages."""
    # -D: the server is the child of this process, and strace is not.
    options = ["-D", "-f", "-yy", "-s", "64", "--seccomp-bpf", "-e", "signal=none"]
    variables = {
        "GROUPWARE_DATABASE_URL": store.database_url,
        "GROUPWARE_ALLOW_PLAINTEXT": "1",
        "GROUPWARE_PROCESSES": "1",
    }
    under = [strace, *options, "-e", f"trace={TRACED}", "-o", str(output)]
    with serving(store.data, "lmtp", "imap", under=under, **variables) as server:
        with LmtpWire(server.ports["LMTP"]) as lmtp:
            for size in SIZES:
                list(lmtp.deliver(message_bytes(f"{size}-lmtp"), ["ada@example.test"]))
        with ImapWire(server.ports["IMAP"], "ada@example.test", PASSWORD) as imap:
            for size in SIZES:
                imap.command("APPEND INBOX", message_bytes(f"{size}-imap"))
            imap.command("SELECT INBOX")
            imap.command("STORE 1 +FLAGS.SILENT (\\Flagged)")
            # The server goes on: that it syncs at its end would prove nothing.
            wait_for(lambda: flags_synced(directory, output), "the sync of the flags")
        pid = server.process.pid
    ending = f"{pid} +++ exited with 0 +++"
    wait_for(lambda: ending in output.read_text().replace("  ", " "), "the end of the trace")
    return output.read_text()


def trace_carrying(strace: str, store: Store, output: Path) -> str:
    """Return what a process did that carried the small messages over."""
    code = "import django; django.setup(); from groupware.core import blobs; blobs.carry_over()"
    options = ["-f", "-yy", "-s", "64", "-e", f"trace={TRACED}", "-o", str(output)]
    subprocess.run(
        [strace, *options, sys.executable, "-c", code], env=store.environment(), check=True
    )
    return output.read_text()


@pytest.mark.parametrize("size", ["small", "large"])
@pytest.mark.parametrize("protocol", ["lmtp", "imap"])
def test_nothing_that_was_told_to_be_kept_is_only_in_memory(
    traced: Traced, protocol: str, size: str
) -> None:
    telling = traced.telling(protocol, size)
    assert telling.find_faults(traced.directory, unsynced=UNSYNCED) == []


@pytest.mark.parametrize("protocol", ["lmtp", "imap"])
def test_large_bytes_are_on_disk_before_the_row_that_names_them_is_written(
    traced: Traced, protocol: str
) -> None:
    telling = traced.telling(protocol, "large")
    wal, blobs = (f"{traced.directory}/{name}" for name in ("groupware.sqlite3-wal", "data/blobs"))
    assert telling.find_early_rows(wal, blobs) == []


@pytest.mark.parametrize("protocol", ["lmtp", "imap"])
def test_small_message_is_synced_with_its_row(traced: Traced, protocol: str) -> None:
    telling = traced.telling(protocol, "small")
    wal = f"{traced.directory}/groupware.sqlite3-wal"
    assert [path for path in telling.synced() if path.endswith("-wal")] == [wal]
    below = f"{traced.directory}/data/blobs/"
    assert [c.path for c in telling.calls if c.name in WRITES and c.path.startswith(below)] == []


def test_small_bytes_are_on_disk_where_blobs_lie_before_they_leave_their_row(
    traced: Traced,
) -> None:
    blobs = f"{traced.directory}/data/blobs/blobs.sqlite3-wal"
    rows = f"{traced.directory}/groupware.sqlite3-wal"
    written = [c.ended for c in traced.carrying if c.name in WRITES and c.path == blobs]
    synced = [c.ended for c in traced.carrying if c.name in SYNCS and c.path == blobs]
    left = [c.began for c in traced.carrying if c.name in WRITES and c.path == rows]
    before = min(left)
    assert [number for number in synced if max(n for n in written if n < before) < number < before]


@pytest.mark.parametrize("protocol", ["lmtp", "imap"])
def test_large_message_is_synced_with_its_folder_and_that_ones_folder(
    traced: Traced, protocol: str
) -> None:
    files = f"{traced.directory}/data/blobs/files"
    *synced, wal = traced.telling(protocol, "large").synced()
    top, file, folder = (path for path in synced if path.startswith(files))
    assert top == files
    assert Path(file).parent == Path(folder)
    assert Path(folder).parent == Path(files)
    assert wal == f"{traced.directory}/groupware.sqlite3-wal"


def test_flags_are_told_as_soon_as_they_are_committed(traced: Traced) -> None:
    telling = traced.telling_flags()
    log = f"{traced.directory}/groupware.sqlite3-wal"
    assert log in [call.path for call in telling.calls if call.name in WRITES]
    assert telling.synced() == []
