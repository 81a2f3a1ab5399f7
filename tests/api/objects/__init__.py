"""What stands in URLs and bodies, for the tests that are made from the table of URLs.

A module of this package for each api/: it says how to make an object of somebody's for each name of a
path parameter, and what the body of an operation is where its schema is not enough.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from groupware.core.models import Account

Build = Callable[[Account], Any]


@dataclass(frozen=True, slots=True)
class Raw:
    """A body that is not JSON."""

    content: bytes
    kind: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """How to make what a path parameter names; `is_domains` is what a whole domain may see."""

    build: Build
    is_domains: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """What an operation needs beside its URL, by its operation_id.

    `body` and `query` are made for the owner of what the path names, or for whoever makes something
    of his own. `names` says that the body names something of the owner's: nobody else may send it.
    `session` says that tokens are not taken: the owner comes by the session of a browser.
    """

    body: Build | None = None
    query: Build | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    names: bool = False
    session: bool = False
    prepare: Callable[[Account], object] | None = None


_parameters: dict[str, Parameter] = {}
_operations: dict[str, Operation] = {}


def parameter(name: str, *, is_domains: bool = False) -> Callable[[Build], Build]:
    """Let a function make what a path parameter of this name stands for, and return its text."""

    def register(build: Build) -> Build:
        assert name not in _parameters, name
        _parameters[name] = Parameter(build, is_domains)
        return build

    return register


def operation(operation_id: str, **needs: Any) -> None:
    """Say what an operation needs: the fields of `Operation`."""
    assert operation_id not in _operations, operation_id
    _operations[operation_id] = Operation(**needs)


@cache
def _load() -> None:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")


def find_parameter(name: str) -> Parameter:
    """Return how a path parameter is made."""
    _load()
    assert name in _parameters, f"say in tests/api/objects how to make a {name}"
    return _parameters[name]


def find_operation(operation_id: str) -> Operation:
    """Return what an operation needs."""
    _load()
    return _operations.get(operation_id, Operation())


def known_operations() -> set[str]:
    """Return the operations that something is said of."""
    _load()
    return set(_operations)
