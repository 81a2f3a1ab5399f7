"""What must be there before a server starts: certificate, database, metrics, the demo team.

All of it may be done by several supervisors at once (`serve imap` and `serve lmtp` on the same
data): a lock file puts them in line.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import structlog
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from groupware.core.errors import GroupwareError
from groupware.core.keys import load_secret
from groupware.core.lost import note_boot, read_boot_id
from groupware.core.metrics import clean_metrics
from groupware.core.tls import ensure_certificate
from groupware.demo import create_demo_team
from groupware.environment import SettingsError

_log = structlog.get_logger("groupware.serve")


@contextlib.contextmanager
def prepared() -> Iterator[None]:
    """Prepare the data directory, and mark it as served until the block ends."""
    data: Path = settings.GROUPWARE_DATA
    descriptor = os.open(data / "serve.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with _first_of_all(descriptor) as alone:
            load_secret(data, "secret_key")
            if settings.GROUPWARE_TLS_CERT is None:
                ensure_certificate(data, [settings.GROUPWARE_DOMAIN, *_own_names()])
            if alone:
                clean_metrics(data)
        with _in_line(data):
            _migrate()
            _note_boot()
            if settings.GROUPWARE_DEMO:
                _create_demo_team()
        connections.close_all()
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _first_of_all(descriptor: int) -> Iterator[bool]:
    """Yield whether no other supervisor serves this data; share the mark from then on."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        alone = True
    except BlockingIOError:
        alone = False
    yield alone
    fcntl.flock(descriptor, fcntl.LOCK_SH)


@contextlib.contextmanager
def _in_line(data: Path) -> Iterator[None]:
    with (data / "migrate.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _own_names() -> list[str]:
    """Return the names under which clients may know this server, any-addresses left out."""
    host = settings.GROUPWARE_HOST
    return [] if host in {"0.0.0.0", "::"} else [host]  # noqa: S104 - compared, not bound


def _migrate() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        _log.info("migrating the database")
        call_command("migrate", interactive=False, verbosity=0)


def _note_boot() -> None:
    """Go on where the machine may have lost its last second, before anything is written."""
    if note_boot(settings.GROUPWARE_DATA, read_boot_id()):
        _log.info("the machine began anew: clients compare the flags of its last second")


def _create_demo_team() -> None:
    """Create the demo team where nobody is there yet; what hinders that is one line."""
    try:
        if create_demo_team():
            _log.info("created the demo team")
    except GroupwareError as error:
        raise SettingsError(
            f"The demo team cannot be created: {error.message} GROUPWARE_DEMO=0 starts without it."
        ) from error


def prepare_database() -> None:
    """Make the database ready for a command; raises SettingsError where it cannot be reached."""
    check_database()
    with _in_line(settings.GROUPWARE_DATA):
        _migrate()
        _note_boot()


def check_database() -> None:
    """Raise SettingsError with one line where the database cannot be reached."""
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        raise SettingsError(f"GROUPWARE_DATABASE_URL: {reason}.") from error
