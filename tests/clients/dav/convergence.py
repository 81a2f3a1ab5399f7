"""Copies of one collection that are changed apart and must end the same."""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from tests.clients.dav.objects import Kind, invent, plain, uid_of
from tests.clients.dav.visitor import Visitor


class Copy(Protocol):
    """One of the copies."""

    def contents(self) -> Mapping[str, str]:
        """Return the text of each object by its UID."""

    def write(self, uid: str, data: bytes) -> None:
        """Put an object in, or put it in the place of the one with this UID."""

    def remove(self, uid: str) -> None:
        """Delete the object with this UID."""


class Remote:
    """The server's own copy, as one account sees it."""

    def __init__(self, visitor: Visitor, path: str) -> None:
        self._visitor = visitor
        self._path = path
        self._paths: dict[str, str] = {}

    def contents(self) -> Mapping[str, str]:
        """Return the text of each object by its UID."""
        found = {path: plain(data) for path, data in self._visitor.contents(self._path).items()}
        self._paths = {uid_of(text.encode()): path for path, text in found.items()}
        assert len(self._paths) == len(found), "one UID is there twice"
        return {uid: found[path] for uid, path in self._paths.items()}

    def write(self, uid: str, data: bytes) -> None:
        """Put an object in, or put it in the place of the one with this UID."""
        suffix = "vcf" if data.startswith(b"BEGIN:VCARD") else "ics"
        path = self._paths.setdefault(uid, f"{self._path}{quote(uid)}.{suffix}")
        self._visitor.put(path, data)

    def remove(self, uid: str) -> None:
        """Delete the object with this UID."""
        self._visitor.done("DELETE", self._paths.pop(uid))


class Folder:
    """A directory with a file for each object."""

    def __init__(self, directory: Path, suffix: str) -> None:
        self._directory = directory
        self._suffix = suffix
        self._files: dict[str, Path] = {}

    def contents(self) -> Mapping[str, str]:
        """Return the text of each object by its UID."""
        files = sorted(self._directory.glob(f"*.{self._suffix}"))
        self._files = {uid_of(file.read_bytes()): file for file in files}
        assert len(self._files) == len(files), "one UID is there twice"
        return {uid: plain(file.read_bytes()) for uid, file in self._files.items()}

    def write(self, uid: str, data: bytes) -> None:
        """Put an object in, or put it in the place of the one with this UID."""
        file = self._files.setdefault(uid, self._directory / f"{uid}.{self._suffix}")
        file.write_bytes(data)

    def remove(self, uid: str) -> None:
        """Delete the object with this UID."""
        self._files.pop(uid).unlink()


class World:
    """The copies of one collection, and what must be in all of them once all have synced."""

    def __init__(self, kind: Kind, copies: Sequence[Copy], generator: random.Random) -> None:
        self.copies = copies
        self._kind = kind
        self._random = generator
        self.expected: dict[str, str] = dict(copies[0].contents())

    def fill(self, copy: Copy, count: int) -> None:
        """Put new objects into one copy."""
        for _ in range(count):
            self._write(copy)

    def _write(self, copy: Copy, uid: str = "") -> None:
        uid, data = invent(self._kind, self._random, uid)
        copy.write(uid, data)
        self.expected[uid] = plain(data)

    def change(self) -> None:
        """Change every copy: some objects go, others get a new text, new ones come."""
        counts = [self._random.randint(2, 5) for _ in self.copies]
        # Sets of strings have another order in each process.
        uids = iter(self._random.sample(sorted(self.expected), sum(counts)))
        for copy, count in zip(self.copies, counts, strict=True):
            copy.remove(gone := next(uids))
            del self.expected[gone]
            for _ in range(count - 1):
                self._write(copy, next(uids))
            self.fill(copy, self._random.randint(1, 2))

    def check(self) -> None:
        """Compare what is there with what must be there."""
        for copy in self.copies:
            assert copy.contents() == self.expected, copy
