"""A PostgreSQL server of the test session's own: its own directory, a Unix socket, no port.

Debian's server is used where it is installed. It refuses to run as root, so there it runs as
another user. It dies with the process that started it.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg

from groupware.serve.children import die_with_parent

USER = "groupware"
DATABASE = "postgres"
START_SECONDS = 30
MISSING = "PostgreSQL is not installed: run `make test-deps`"


def find_binaries() -> Path | None:
    """Return the directory of the newest installed server, None where there is none."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(found, key=lambda path: int(path.parent.name), default=None)


@contextlib.contextmanager
def running_server() -> Iterator[str]:
    """Start a server, yield the URL of its first database, stop it and take its files away."""
    binaries = find_binaries()
    assert binaries is not None, MISSING
    directory = Path(tempfile.mkdtemp(prefix="groupware-postgresql-"))
    user = _server_user()
    if user is not None:
        shutil.chown(directory, user.pw_uid, user.pw_gid)
    try:
        _run_initdb(binaries, directory, user)
        server = _start(binaries, directory, user)
        try:
            url = f"postgresql://{USER}@{quote(str(directory), safe='')}/{DATABASE}"
            _wait_for(directory, server)
            yield url
        finally:
            server.send_signal(signal.SIGQUIT)  # immediate shutdown: nothing is worth keeping
            server.wait()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _server_user() -> pwd.struct_passwd | None:
    """Return whom the server runs as: None for this user, who is not root."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise LookupError("There is neither a user postgres nor nobody to run PostgreSQL as.")


def _run_initdb(binaries: Path, directory: Path, user: pwd.struct_passwd | None) -> None:
    command = [f"{binaries}/initdb", f"--pgdata={directory}/data", f"--username={USER}"]
    options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run(
        [*command, *options],
        check=True,
        capture_output=True,
        cwd=directory,
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=user and [],
    )


def _start(
    binaries: Path, directory: Path, user: pwd.struct_passwd | None
) -> subprocess.Popen[bytes]:
    # The machine does not lose power during a test; what is killed is the client.
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(directory),
        "fsync": "off",
        "full_page_writes": "off",
        # Each xdist worker keeps its servers, and the crash tests kill clients faster than
        # PostgreSQL sees them go.
        "max_connections": "400",
        "logging_collector": "off",
    }
    options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    with (directory / "log").open("wb") as log:
        return subprocess.Popen(
            [f"{binaries}/postgres", "-D", f"{directory}/data", *options],
            stdout=log,
            stderr=log,
            cwd=directory,
            preexec_fn=lambda: die_with_parent(signal.SIGQUIT),  # noqa: PLW1509 - no threads yet
            process_group=0,
            user=user and user.pw_uid,
            group=user and user.pw_gid,
            extra_groups=user and [],
        )


def _wait_for(directory: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(host=str(directory), user=USER, dbname=DATABASE).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((directory / "log").read_text(errors="replace")) from None
            time.sleep(0.02)
        else:
            return
