"""Radicale's storage plug-in over the services and queries of the store."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from radicale.storage import BaseCollection, BaseStorage

from groupware.core import db


class Place(BaseCollection):
    """A principal, which is what Radicale asks for before each request."""

    def __init__(self, path: str) -> None:
        self._path = path.strip("/")

    @property
    def path(self) -> str:
        """The path without slashes at its ends."""
        return self._path

    def get_meta(self, key: str | None = None) -> Any:
        """Return what Radicale keeps of a collection: nothing of a principal."""
        return {} if key is None else None


class Storage(BaseStorage):
    """Finds what is at a path."""

    _supports_unicode = True
    _supports_trailing_whitespace = True
    _supports_problematic_chars = True

    def discover(self, path: str, *_args: Any, **_options: Any) -> Iterable[BaseCollection]:
        """Return what is at a path."""
        yield Place(path)

    @contextmanager
    def acquire_lock(self, _mode: str, *_args: Any, **_options: Any) -> Iterator[None]:
        """Hold one state of the store for a reader; writers' locks are the services'."""
        with db.read_snapshot():
            yield
