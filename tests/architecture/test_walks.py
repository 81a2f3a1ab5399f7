"""docs/architecture.md walks through the code: every step of it is there."""

import ast
import re

import pytest

from groupware.environment import BASE_DIR

PAGE = (BASE_DIR / "docs" / "architecture.md").read_text("utf-8")
STEPS = sorted(set(re.findall(r"`([\w/]+\.py):([\w.]+)`", PAGE)))
WALKS = (
    "## One DATA",
    "## One message from another server",
    "## One message out",
    "## One FETCH",
    "## One STORE",
    "## One PUT",
    "## One PATCH",
    "## One token",
    "## One REPORT",
    "## One RETR",
)


def names_of(tree: ast.AST, above: str = "") -> set[str]:
    """Return the functions and classes of a module, methods as `Class.method`."""
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found |= {above + node.name} | names_of(node, f"{above}{node.name}.")
    return found


@pytest.mark.parametrize("walk", WALKS)
def test_each_walk_has_its_steps(walk: str) -> None:
    section = PAGE.partition(walk)[2].partition("\n## ")[0]
    assert len(re.findall(r"^\| \d+ \| `", section, re.MULTILINE)) >= 10


@pytest.mark.parametrize(("file", "name"), STEPS, ids=lambda part: part)
def test_step_is_in_the_code(file: str, name: str) -> None:
    paths = [BASE_DIR / file, BASE_DIR / "groupware" / file]
    [path] = [path for path in paths if path.exists()]
    assert name in names_of(ast.parse(path.read_text("utf-8")))
