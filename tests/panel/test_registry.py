"""The panel writes by services alone: what each admin class can do, and what its sources name."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from groupware.environment import BASE_DIR
from groupware.panel import auditwords
from groupware.panel.admin.base import ServiceAdmin
from groupware.panel.registry import site
from tests import messages

SOURCES = sorted((BASE_DIR / "groupware" / "panel").rglob("*.py"))
ADMINS = site.admins
ACTION = re.compile(r"[a-z]+\.[a-z-]+")
WRITES = {
    "save",
    "delete",
    "update",
    "create",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
    "execute",
    "write_transaction",
    "atomic",
    "set",
    "add",
    "remove",
    "clear",
}
"""Methods by which rows are written."""
ROWS = {"objects", "queryset", "rows", "chosen", "found", "self", "super"}
"""What stands before them where a row is meant; services are modules."""


def test_there_are_admin_classes() -> None:
    assert ADMINS


@pytest.mark.parametrize("held", ADMINS, ids=lambda held: type(held).__name__)
def test_no_admin_class_saves_or_deletes_by_itself(held: Any) -> None:
    assert isinstance(held, ServiceAdmin)
    for name in ("save_model", "save_related", "delete_model", "delete_queryset"):
        assert getattr(type(held), name) is getattr(ServiceAdmin, name)
    with pytest.raises(RuntimeError, match="services alone"):
        held.save_model(None, None, None, None)
    with pytest.raises(RuntimeError, match="services alone"):
        held.delete_model(None, None)
    with pytest.raises(RuntimeError, match="services alone"):
        held.delete_queryset(None, None)
    assert held.inlines == ()
    assert held.list_editable == ()
    assert "delete_selected" not in [name for name, _ in site.actions]


@pytest.mark.parametrize("held", ADMINS, ids=lambda held: type(held).__name__)
def test_no_column_can_be_guessed_by_a_filter_of_the_url(held: Any) -> None:
    for lookup in ("password__startswith", "credential_epoch", "domain__name__startswith"):
        assert held.lookup_allowed(lookup, "x") is False


def calls_of(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield (what stands before, name) of each call of a method."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            holder = node.func.value
            while isinstance(holder, ast.Attribute | ast.Call):
                if isinstance(holder, ast.Attribute) and holder.attr == "objects":
                    break
                holder = holder.value if isinstance(holder, ast.Attribute) else holder.func
            name = holder.attr if isinstance(holder, ast.Attribute) else getattr(holder, "id", "")
            yield name, node.func.attr


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_the_sources_write_no_row(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    written = [
        f"{holder}.{name}()"
        for holder, name in calls_of(tree)
        if name in WRITES and holder in ROWS and (holder, name) != ("self", "create")
    ]
    assert written == []


def test_each_action_of_the_audit_log_has_words() -> None:
    recorded = {
        value
        for package in messages.PACKAGES
        for path in (messages.ROOT / package).rglob("*.py")
        for value in _recorded(ast.parse(path.read_text("utf-8")))
    }
    assert recorded == set(auditwords.ACTIONS), "groupware/panel/auditwords.py says what it is"
    assert {action.partition(".")[0] for action in recorded} == set(auditwords.KINDS)


def _recorded(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and messages.called(node.func) in {"record", "_record"}:
            for held in ast.walk(node.args[0]) if node.args else ():
                if isinstance(held, ast.Constant) and ACTION.fullmatch(str(held.value)):
                    yield str(held.value)
