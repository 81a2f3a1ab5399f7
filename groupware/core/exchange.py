"""What `manage.py import` and `export` can do: apps register formats, as they register checks.

An importer fills a collection from a file or a directory; an exporter writes all of an account's
collections of a kind into a directory of its own. Both go on where an earlier run was cut off.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from groupware.core.errors import Invalid
from groupware.core.models import Account

IMPORTED, SKIPPED = "imported", "skipped"
WRITTEN, KEPT, REMOVED = "written", "kept", "removed"


class Listener(Protocol):
    """Is told how far a transfer is, and what is wrong with single items."""

    def progress(self, text: str, share: float) -> None:
        """Take in how much of the whole is done, of 1."""
        ...

    def broken(self, where: str, why: str) -> None:
        """Take in that an item cannot be transferred; the others can."""
        ...

    def note(self, text: str) -> None:
        """Take in something worth knowing that is no fault."""
        ...


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What is to be imported, and whereto; `name` is the collection's, which may not be there.

    With `is_dry` nothing is written.
    """

    path: str
    account_id: int
    name: str
    is_dry: bool
    listener: Listener


@dataclass(slots=True)
class Transferred:
    """What came of it, by the names of collections; `stopped` says why it ended early."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    stopped: str = ""

    def of(self, name: str) -> Counter[str]:
        """Return the counts of one collection."""
        return self.counts.setdefault(name, Counter())

    def total(self, what: str) -> int:
        """Return the sum over all collections."""
        return sum(counts[what] for counts in self.counts.values())


@dataclass(frozen=True, slots=True)
class Importer:
    """A format that can be imported; raises `GroupwareError` where nothing can be."""

    format: str
    kind: str
    help: str
    run: Callable[[ImportRequest], Transferred]


@dataclass(frozen=True, slots=True)
class Exporter:
    """What writes an account's collections of a kind into `directory` below the export's."""

    kind: str
    directory: str
    run: Callable[[Account, Path, Listener], Transferred]


_importers: dict[str, Importer] = {}
_exporters: dict[str, Exporter] = {}


def register_importer(importer: Importer) -> None:
    """Let `import FORMAT` use an app's importer."""
    _importers[importer.format] = importer


def register_exporter(exporter: Exporter) -> None:
    """Let `export` write what an app keeps."""
    _exporters[exporter.kind] = exporter


def list_importers() -> Sequence[Importer]:
    """Return the importers by the names of their formats."""
    return [_importers[name] for name in sorted(_importers)]


def get_importer(name: str, kind: str) -> Importer:
    """Return the importer of a format; raises `Invalid` where it does not fill such collections."""
    importer = _importers[name]
    if importer.kind != kind:
        raise Invalid(f"{name} goes into a collection of {importer.kind}, not of {kind}.")
    return importer


def list_exporters() -> Sequence[Exporter]:
    """Return the exporters by their directories."""
    return sorted(_exporters.values(), key=lambda exporter: exporter.directory)
