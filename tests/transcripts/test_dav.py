"""Every DAV transcript, its bodies whole and octet by octet."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from groupware.core import directory
from groupware.core.directory import NewAccount
from tests.transcripts.http import DavRunner

TRANSCRIPTS = sorted(Path(__file__).parent.glob("dav/*.txt"))

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people() -> dict[str, int]:
    """Make the team; return the numbers of its accounts by name."""
    directory.create_domain("team.example")
    names = ("anna", "ben", "cleo")
    made = [directory.create_account(NewAccount(f"{name}@team.example")) for name in names]
    return {name: account.pk for name, account in zip(names, made, strict=True)}


@pytest.mark.parametrize("octets", [False, True], ids=["whole", "octets"])
@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_transcript(path: Path, octets: bool, people: dict[str, int]) -> None:
    DavRunner(path, people, octets=octets).run()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("put", "S: 201", "S: 204"),
        ("put", "S: Content-Length: 0", "S: Content-Length: 1"),
        ("put", "S: <<lunch>>", "S: <<later>>"),
        ("put", 'S: ETag: "<<second>>"', 'S: ETag: "<<first>>"'),
        ("put", "S: 404\nS: ...", "S: 404"),
        ("propfind", "404 Not Found</D:status></D:propstat>\nS: </D:response>", "</D:response>"),
        ("propfind", ">seen</Z:note>\nS:", ">unseen</Z:note>\nS:"),
        ("propfind", "S:   <D:resourcetype/></D:prop>", "S:   </D:prop>"),
        ("mkcalendar", 'S:   <C:supported-calendar-component-set><C:comp name="VEVENT"/>', ""),
        ("mkcol", "<D:propstat><D:prop><D:getetag/>", "<D:propstat><D:prop><D:getctag/>"),
        ("locks", "S:   <D:depth>0</D:depth>", "S:   <D:depth>1</D:depth>"),
        ("rights", "<D:unbind/>", "<D:bind/>"),
    ],
)
def test_what_differs_is_noticed(
    name: str, old: str, new: str, people: dict[str, int], tmp_path: Path
) -> None:
    [path] = [path for path in TRANSCRIPTS if path.stem == name]
    text = path.read_text("utf-8")
    assert old in text
    changed = tmp_path / path.name
    changed.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises((AssertionError, ET.ParseError)):
        DavRunner(changed, people, octets=False).run()
