"""Maildirs: Maildir++ as Courier and Dovecot keep it, nested directories, and our own exports.

The internal date is the file's time of modification, as Dovecot and Courier have it. Where that
is a day or more later than the file's name says, the file was copied without its time, and the
name's counts. In an export the name says both date and zone. The order is that of
`dovecot-uidlist`, else of the names.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mail.archives.maildirnames import (
    MessageName,
    decode_level,
    decode_name,
    parse_keywords,
    parse_message_name,
    parse_subscriptions,
    parse_uidlist,
)
from mail.archives.manifest import (
    MANIFEST,
    MORE_KEYWORDS,
    BadManifest,
    Manifest,
    parse_manifest,
    parse_more_keywords,
)
from mail.archives.messages import (
    INBOX,
    Archive,
    BrokenMessage,
    Found,
    FoundMailbox,
    FoundMessage,
    NotAnArchive,
    Reading,
    clean_keyword,
    too_large,
    with_crlf,
)

DAY = 24 * 3600
_GZIP = b"\x1f\x8b"
_PARTS = frozenset({"cur", "new", "tmp"})


@dataclass(frozen=True, slots=True)
class _Folder:
    """A directory that holds a mailbox; what an export says of one is more."""

    name: str
    path: Path | None
    special_use: str | None = None
    selectable: bool = True

    def files(self) -> list[Path]:
        """Return the files of the messages, in no order; nothing where it is but a name."""
        if self.path is None:
            return []
        parts = [self.path / part for part in ("new", "cur") if (self.path / part).is_dir()]
        return [file for part in parts for file in part.iterdir() if not file.name.startswith(".")]


def open_maildir(path: str, *, largest: int) -> Archive:
    """Look at a Maildir and everything below it; an export's lies in its directory `mail`."""
    root = Path(path)
    if (root / "mail" / MANIFEST).is_file():
        root /= "mail"
    manifest = _read_manifest(root)
    folders = _list_folders(root, manifest)
    if not folders:
        raise NotAnArchive(f"{path} is no Maildir: it has no directory cur or new, nor any below.")
    reading = Reading(largest=largest)
    reading.total = sum(file.stat().st_size for folder in folders for file in folder.files())
    mailboxes = (
        FoundMailbox(
            folder.name,
            _read(folder, reading, is_export=manifest is not None),
            folder.special_use,
            folder.selectable,
        )
        for folder in folders
    )
    subscriptions = manifest.subscriptions if manifest else _read_subscriptions(root, folders)
    return Archive(mailboxes, reading, subscriptions)


def _read_manifest(root: Path) -> Manifest | None:
    """Return what an export says of itself, None for any other Maildir."""
    text = _read_text(root / MANIFEST)
    if text is None:
        return None
    try:
        return parse_manifest(text)
    except BadManifest as error:
        raise NotAnArchive(f"{root / MANIFEST} cannot be used: {error}.") from error


def _list_folders(root: Path, manifest: Manifest | None) -> list[_Folder]:
    if manifest is None:
        return sorted(_find(root), key=lambda folder: folder.name)
    return [
        _Folder(
            "" if held.name == INBOX else held.name,
            root / held.directory if held.selectable else None,
            held.special_use,
            held.selectable,
        )
        for held in manifest.mailboxes
    ]


def _find(root: Path) -> Iterator[_Folder]:
    """Find mailboxes: the root's own, those of Maildir++ beside it, nested ones below."""
    if _is_maildir(root):
        yield _Folder("", root)
    for entry in sorted(root.iterdir()):
        if entry.name.startswith("."):
            if _is_maildir(entry):
                yield _Folder(decode_name(entry.name), entry)
        else:
            yield from _find_nested(entry, "")


def _find_nested(entry: Path, above: str) -> Iterator[_Folder]:
    if entry.name in _PARTS or entry.name.startswith(".") or not entry.is_dir():
        return
    name = f"{above}{decode_level(entry.name)}"
    if _is_maildir(entry):
        yield _Folder("" if name.upper() == INBOX else name, entry)
    for inner in sorted(entry.iterdir()):
        yield from _find_nested(inner, f"{name}/")


def _is_maildir(path: Path) -> bool:
    return (path / "cur").is_dir() or (path / "new").is_dir()


def _read_subscriptions(root: Path, folders: list[_Folder]) -> list[str] | None:
    text = _read_text(root / "subscriptions")
    if text is None:
        return None
    is_nested = not any(folder.path and folder.path.name.startswith(".") for folder in folders)
    return parse_subscriptions(text, "/" if is_nested else ".")


def _read_text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None


class _Beside:
    """The files of a mailbox beside its messages: UIDs, and what keyword a letter stands for."""

    def __init__(self, folder: Path) -> None:
        self.uids = parse_uidlist(_read_text(folder / "dovecot-uidlist") or "")
        self._letters = parse_keywords(_read_text(folder / "dovecot-keywords") or "")
        self._more: dict[str, list[str]] = {}
        if text := _read_text(folder / MORE_KEYWORDS):
            try:
                self._more = parse_more_keywords(text)
            except BadManifest as error:
                raise NotAnArchive(f"{folder / MORE_KEYWORDS} is damaged: {error}.") from error

    def order(self, file: Path) -> tuple[int, int, str]:
        """Return where a message stands: by UID, those without one last, by time and name."""
        name = parse_message_name(file.name)
        return self.uids.get(name.unique, 1 << 62), name.time or 0, file.name

    def keywords(self, name: MessageName) -> tuple[str, ...]:
        """Return the keywords of a message."""
        letters = [self._letters[key] for key in name.keyword_letters if key in self._letters]
        words = [*letters, *name.keywords, *self._more.get(name.unique, ())]
        return tuple(dict.fromkeys(map(clean_keyword, words)))


def _read(folder: _Folder, reading: Reading, *, is_export: bool) -> Iterator[Found]:
    if folder.path is None:
        return
    beside = _Beside(folder.path)
    for file in sorted(folder.files(), key=beside.order):
        try:
            yield _read_message(file, reading, beside, is_export=is_export)
        except OSError as error:
            reason = error.strerror or str(error)
            if isinstance(error, FileNotFoundError):
                reason = "it was renamed or removed meanwhile: import again"
            yield BrokenMessage(str(file), reason)


def _read_message(file: Path, reading: Reading, beside: _Beside, *, is_export: bool) -> Found:
    known = file.stat()
    reading.done += known.st_size
    if known.st_size > reading.largest:
        return too_large(str(file), reading.largest)
    data = file.read_bytes()
    if not data and not is_export:
        return BrokenMessage(str(file), "it is empty")
    if data.startswith(_GZIP) and not is_export:
        return BrokenMessage(str(file), "it is compressed: let `gunzip` make it a message first")
    name = parse_message_name(file.name)
    return FoundMessage(
        str(file),
        data if is_export else with_crlf(data),
        name.flags,
        beside.keywords(name),
        _date(name, int(known.st_mtime)),
        name.zone or 0,
    )


def _date(name: MessageName, modified: int) -> int:
    if name.time is not None and (name.zone is not None or modified - name.time >= DAY):
        return name.time
    return modified
