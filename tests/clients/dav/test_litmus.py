"""litmus, the suite for plain WebDAV, by way of an adapter that makes events of its files."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.clients.dav.adapter import files, from_event, to_event
from tests.clients.dav.servers import DavServer
from tests.clients.dav.visitor import Visitor
from tests.clients.tools import find_tool

pytestmark = pytest.mark.sqlite  # what it asks for, others ask for on PostgreSQL too

SUITES = ("basic", "props", "locks", "http")
"""copymove is left out: it copies within a collection."""
ONCE = "a calendar holds each UID once (RFC 4791 §5.3.2.1: no-uid-conflict)"
BESIDE = "the calendars that the adapter makes lie beside one another, none in another one"
FAILURES: Mapping[str, str] = {
    "basic.put_no_parent": BESIDE,
    "basic.mkcol_over_plain": BESIDE,
    "basic.mkcol_no_parent": BESIDE,
    "locks.copy": ONCE,
    "locks.unmapped_lock": "a lock makes no empty resource: a calendar holds objects only",
}
"""Tests that fail, and why."""
SECONDS = 120
_LINE = re.compile(r"^ *\d+\. (\w+?)\.{2,} (FAIL|WARNING|pass|SKIPPED)(.*)$", re.MULTILINE)


def run_litmus(url: str, visitor: Visitor, directory: Path) -> dict[str, tuple[str, str]]:
    """Return what came of each test, by suite and name."""
    found = {}
    for suite in SUITES:
        done = subprocess.run(
            [find_tool("litmus"), url, visitor.person.address, visitor.person.password],
            cwd=directory,
            env={"PATH": os.environ["PATH"], "HOME": str(directory), "TESTS": suite},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
        # A line is written again over itself when the outcome is known.
        text = done.stdout.replace("\r", "\n")
        for name, outcome, why in _LINE.findall(text):
            found[f"{suite}.{name}"] = (outcome, why.strip(" ()"))
    return found


def test_file_comes_back_out_of_its_event() -> None:
    data = bytes(range(256)) * 9
    assert from_event(to_event("uid", data)) == data


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_litmus_finds_nothing_but_what_is_explained(
    dav: DavServer, visitor: Visitor, tmp_path: Path
) -> None:
    with files(dav, visitor.calendar_home) as url:
        outcomes = run_litmus(url, visitor, tmp_path)
    assert len(outcomes) > 60
    failed = {name: why for name, (outcome, why) in outcomes.items() if outcome == "FAIL"}
    assert set(failed) == set(FAILURES), failed
