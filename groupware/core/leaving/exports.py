"""Everything of an account in one file, made in the background.

Data: a row says how far it is; DATA/exports/NAME.zip is there before the row says so, and NAME is
not to be guessed. Who works at one holds it for some minutes and says so while it goes on; what
was cut off is begun anew by whoever finds it. Each run has a name and files of its own: one that was
believed to be dead, and is not, finds that it has lost, and what it wrote never gets the name.
Files without a row are removed after a day.
"""

import os
import secrets
import shutil
import zipfile
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.db.models import Q, QuerySet

from groupware.core import audit, crashpoints, db, exchange, limits
from groupware.core.blobs import check_reserve
from groupware.core.clock import epoch, now
from groupware.core.errors import GroupwareError, LimitExceeded, NotFound
from groupware.core.files import sync_directory
from groupware.core.models import Account, AccountExport, ExportState

LEASE = timedelta(minutes=5)
"""For which whoever makes an export is believed to be alive."""
LEFT_OVER_SECONDS = 86_400
_PENDING = (ExportState.WAITING, ExportState.RUNNING)

_log = structlog.get_logger("groupware.exports")


class _Lost(Exception):
    """The export was removed, or another run makes it: this one was believed to be dead."""


def directory_of() -> Path:
    """Return where the files lie."""
    return Path(settings.GROUPWARE_DATA) / "exports"


def path_of(export: AccountExport) -> Path:
    """Return the file of an export that is done; raises `NotFound` where it is not, or expired."""
    path = directory_of() / f"{export.name}.zip"
    if export.state != ExportState.DONE or not path.exists():
        raise NotFound("The file of this export is not there: ask for a new one.")
    return path


def ask(account: Account) -> AccountExport:
    """Have an export made; one that is waiting or being made already is returned instead.

    Raises `LimitExceeded` where an account has as many files as it may.
    """
    with audit.change():
        pending = AccountExport.objects.filter(account=account, state__in=_PENDING).first()
        if pending is not None:
            return pending
        if AccountExport.objects.filter(account=account).count() >= limits.EXPORTS.value:
            raise LimitExceeded(
                "{login} has {most} exports: remove one, or wait until one expires.",
                login=account.login,
                most=limits.EXPORTS.value,
            )
        return _create(account)


def ask_once_more(account: Account) -> AccountExport:
    """Have an export made however many there are, in the caller's recorded change."""
    return _create(account)


def _create(account: Account) -> AccountExport:
    made = AccountExport.objects.create(
        account=account,
        domain_id=account.domain_id,
        login=account.login,
        name=secrets.token_urlsafe(24),
        asked_by=audit.current_actor().login,
        asked_at=now(),
    )
    audit.record("account.export", account)
    return made


def remove(export: AccountExport) -> None:
    """Remove an export with its file."""
    with db.write_transaction():
        AccountExport.objects.filter(pk=export.pk).delete()
    _unlink(export.name)


def work_off() -> int:
    """Make the exports that are asked for; return how many were made."""
    made = 0
    while (export := _claim()) is not None:
        made += _make(export)
    return made


def expire() -> int:
    """Remove what is over: rows with their files, and files that no row names; return how many."""
    over = list(AccountExport.objects.filter(expires_at__lte=now()))
    for export in over:
        remove(export)
    return len(over) + _sweep()


def _claim() -> AccountExport | None:
    moment, run = now(), secrets.token_hex(8)
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=moment)
    found = AccountExport.objects.filter(free, state__in=_PENDING).order_by("id").first()
    if found is None:
        return None
    with db.write_transaction():
        is_mine = AccountExport.objects.filter(free, pk=found.pk, state__in=_PENDING).update(
            state=ExportState.RUNNING, leased_until=moment + LEASE, run=run
        )
    found.run = run
    return found if is_mine else _claim()


def _held(export: AccountExport) -> QuerySet[AccountExport]:
    """Return the row as long as this run holds it."""
    return AccountExport.objects.filter(pk=export.pk, run=export.run, state=ExportState.RUNNING)


def _make(export: AccountExport) -> bool:
    """Make one, and say what came of it; an account that is gone meanwhile is no fault."""
    try:
        size = _write(export)
        crashpoints.reach("export-written")
        _settle(export, state=ExportState.DONE, size=size, share=1.0)
    except _Lost:
        _note_lost(export)
        return False
    except (GroupwareError, OSError) as error:
        why = error.message if isinstance(error, GroupwareError) else str(error)
        _log.warning("export failed", account=export.login, reason=why)
        with suppress(_Lost):
            _settle(export, state=ExportState.FAILED, trouble=why[:500])
        return False
    return True


def _settle(export: AccountExport, **values: object) -> None:
    until = now() + timedelta(days=limits.EXPORT_DAYS.value)
    with db.write_transaction():
        if not _held(export).update(leased_until=None, expires_at=until, **values):
            raise _Lost


def _note_lost(export: AccountExport) -> None:
    """Say that another run makes it; nothing is left of one that was removed meanwhile."""
    _log.warning("export is made by another run", account=export.login, run=export.run)
    if not AccountExport.objects.filter(pk=export.pk).exists():
        _unlink(export.name)


def _write(export: AccountExport) -> int:
    """Write the file, durably and under its name only when it is whole; return its octets."""
    account = export.account
    if account is None:
        raise NotFound("{login} has been deleted.", login=export.login)
    check_reserve()
    home = directory_of()
    home.mkdir(mode=0o700, exist_ok=True)
    unpacked = home / f"{export.name}.{export.run}.tmp"
    packed, path = unpacked.with_suffix(".zip.tmp"), home / f"{export.name}.zip"
    try:
        unpacked.mkdir(mode=0o700)
        listener = _Progress(export)
        for exporter in exchange.list_exporters():
            exporter.run(account, unpacked / exporter.directory, listener)
        _pack(unpacked, packed, account.login, listener)
        size = packed.stat().st_size
        _name(export, packed, path)
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
        packed.unlink(missing_ok=True)
    sync_directory(home)
    return size


def _name(export: AccountExport, packed: Path, path: Path) -> None:
    """Give the file its name; no other run takes the export over meanwhile. Raises `_Lost`."""
    with db.write_transaction():
        if not _held(export).update(leased_until=now() + LEASE):
            raise _Lost
        packed.rename(path)
    for left in path.parent.glob(f"{export.name}.*.tmp"):  # of runs that are dead, or have lost
        _remove_entry(left)


def _pack(directory: Path, path: Path, root: str, listener: "_Progress") -> None:
    with path.open("wb") as file:
        path.chmod(0o600)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for number, entry in enumerate(sorted(directory.rglob("*"))):
                archive.write(entry, Path(root) / entry.relative_to(directory))
                if number % 200 == 0:
                    check_reserve()
                    listener.progress("packed", 1.0)
        file.flush()
        os.fsync(file.fileno())


class _Progress:
    """Says in the row how far an export is, now and then: it is also the sign of life."""

    EVERY = timedelta(seconds=5)

    def __init__(self, export: AccountExport) -> None:
        self._export = export
        self._said: datetime | None = None

    def progress(self, text: str, share: float) -> None:
        """Take in how much of a part is done; raises `_Lost`."""
        moment = now()
        if self._said is not None and moment - self._said < self.EVERY:
            return
        self._said = moment
        _log.debug("export", account=self._export.login, step=text, share=share)
        with db.write_transaction():
            until = moment + LEASE
            if not _held(self._export).update(share=min(share, 1.0), leased_until=until):
                raise _Lost

    def broken(self, where: str, why: str) -> None:
        """Note in the log what cannot be written; the rest is."""
        _log.warning("left out of an export", account=self._export.login, where=where, reason=why)

    def note(self, text: str) -> None:
        """Note in the log what is no fault."""
        _log.info("export", account=self._export.login, note=text)


def _sweep() -> int:
    """Remove what a crash left: entries that no row names, when they are a day old."""
    home = directory_of()
    if not home.exists():
        return 0
    named = set(AccountExport.objects.values_list("name", flat=True))
    old = epoch() - LEFT_OVER_SECONDS
    left = [
        entry.name.partition(".")[0]
        for entry in home.iterdir()
        if entry.name.partition(".")[0] not in named and entry.stat().st_mtime < old
    ]
    for name in left:
        _unlink(name)
    return len(left)


def _unlink(name: str) -> None:
    for entry in directory_of().glob(f"{name}.*"):
        _remove_entry(entry)


def _remove_entry(entry: Path) -> None:
    if entry.is_dir():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        entry.unlink(missing_ok=True)
