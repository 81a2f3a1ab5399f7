"""Debian's rspamd, its controller alone, with all that it keeps in a directory of the test's."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

from groupware.core.clock import monotonic

PASSWORD = "teach me"
MISSING = "rspamd is not installed: `make test-deps` installs it"
START_SECONDS = 40
GTUBE = b"JS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
REJECTED = b"X" + GTUBE
"""The text that every filter takes for spam; rspamd's action for it is "reject"."""
MARKED = b"Y" + GTUBE
"""Likewise, with the action "add header"."""

CONFIGURATION = """
options {{
    pidfile = "{here}/rspamd.pid";
    filters = "regexp";
    cache_file = "{here}/symbols.cache";
    dynamic_conf = "{here}/dynamic";
    history_file = "{here}/history";
    control_socket = "{here}/control.sock mode=0600";
    tempdir = "{here}";
    hs_cache_dir = "{here}";
    url_tld = "{here}/suffixes";
    enable_test_patterns = true;
    dns {{ nameserver = ["127.0.0.1:1"]; timeout = 0.1s; retransmits = 1; }}
}}
logging {{ type = "console"; level = "info"; }}
worker "controller" {{
    bind_socket = "127.0.0.1:{port}";
    count = 1;
    password = "{password}";
    enable_password = "{password}";
}}
actions {{ reject = 15; "add header" = 6; greylist = 4; }}
classifier "bayes" {{
    tokenizer {{ name = "osb"; }}
    cache {{ type = "sqlite3"; path = "{here}/learned.sqlite"; }}
    backend = "sqlite3";
    min_tokens = 1;
    min_learns = 1;
    statfile {{ symbol = "BAYES_HAM"; path = "{here}/ham.sqlite"; spam = false; }}
    statfile {{ symbol = "BAYES_SPAM"; path = "{here}/spam.sqlite"; spam = true; }}
}}
"""


@dataclass(frozen=True)
class Rspamd:
    """`url` is the value of GROUPWARE_RSPAMD_URL; the log says what was asked and learned."""

    url: str
    log: Path

    def learned(self, kind: str) -> int:
        """Return how many messages were learned as "spam" or as "ham"."""
        return self.log.read_text("utf-8", "replace").count(f"learned message as {kind}")


@contextmanager
def running_rspamd(directory: Path) -> Iterator[Rspamd]:
    """Run it until the block ends; skips where it is not installed."""
    binary = shutil.which("rspamd")
    if binary is None:
        pytest.skip(MISSING)
    port = _free_port()
    # The real list takes half a minute to compile.
    (directory / "suffixes").write_text("example\ntest\n")
    file, log = directory / "rspamd.conf", directory / "rspamd.log"
    file.write_text(CONFIGURATION.format(here=directory, port=port, password=PASSWORD))
    words = [binary, "--no-fork", "--config", str(file)]
    words += ["--insecure"] if os.getuid() == 0 else []
    with log.open("wb") as output, subprocess.Popen(words, stdout=output, stderr=output) as process:
        try:
            _wait(port, process)
            yield Rspamd(f"http://:teach%20me@127.0.0.1:{port}", log)
        finally:
            process.terminate()
            process.wait(START_SECONDS)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = monotonic() + START_SECONDS
    while process.poll() is None and monotonic() < deadline:
        connection = HTTPConnection("127.0.0.1", port, timeout=1)
        try:
            connection.request("GET", "/ping")
            if connection.getresponse().status == 200:
                return
        except OSError:
            # Nothing tells when it listens: it is asked until it answers.
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.1)
        finally:
            connection.close()
    raise AssertionError("rspamd does not start")
