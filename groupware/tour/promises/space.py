"""The server's disk fills up."""

import sqlite3
from contextlib import closing
from pathlib import Path

from groupware.tour.devices import Laptop, hand_in
from groupware.tour.guest import Guest
from groupware.tour.letters import letters, with_attachment
from groupware.tour.server import House

COMPLAINT = "“IMAP fills the server.”"
PROMISE = (
    "A message is stored once, however many people and mailboxes hold it, and compressed; what"
    " each account uses is counted exactly, and can be kept within bounds by rules."
)
LETTERS = 300
CATALOGUE = 2_000_000
BLOCK = 512
MIB = 1024 * 1024


def prove(guest: Guest) -> None:
    """Send mail to everybody, and look at the disk."""
    house, report = guest.house, guest.report
    report.complaint(COMPLAINT, PROMISE)
    people = house.people
    sent = [*letters(LETTERS, seed="space"), with_attachment(CATALOGUE, seed="catalogue")]
    before = _allocated(house.data)
    used = house.manage("account", "show", people[0])["bytes_used"]
    hand_in(house, sent, people)
    ours = _allocated(house.data) - before
    maildirs = _write_maildirs(guest.directory / "maildirs", sent, people)
    report.holds(
        f"{len(sent)} messages, one with a catalogue of 2 MB, to each of {len(people)} people: they"
        " take less than as files of a Maildir for each.",
        ours < maildirs,
        f"{ours / MIB:.1f} MiB here, {maildirs / MIB:.1f} MiB as Maildirs"
        f" ({maildirs / ours:.1f} times as much)",
    )
    charged = house.manage("account", "show", people[0])["bytes_used"] - used
    told = _sizes(house, len(sent))
    report.holds(
        "The quota counts the message as each mail program sees it, to the octet.",
        charged == told,
        f"{charged:,} octets",
    )
    _copy(guest)


def _copy(guest: Guest) -> None:
    house, report = guest.house, guest.report
    before = _allocated(house.data)
    laptop = Laptop(house, house.people[0].partition("@")[0])
    laptop.count("INBOX")
    numbers = laptop.found("SUBJECT", "catalogue")
    for _ in range(10):
        laptop.copy(str(numbers[-1]), "Archive")
    laptop.logout()
    grown = _allocated(house.data) - before
    report.holds(
        "Ten copies of the catalogue in Archive are ten rows.",
        grown < CATALOGUE / 10,
        f"{grown / 1024:.0f} KiB for 20 MB",
    )


def _sizes(house: House, count: int) -> int:
    """Return the sum of the sizes that IMAP tells of the newest messages."""
    laptop = Laptop(house, house.people[0].partition("@")[0])
    total = laptop.count("INBOX")
    _, told = laptop.fetch(f"{total - count + 1}:{total}", "(RFC822.SIZE)")
    laptop.logout()
    return sum(
        int(line.rpartition(b" ")[2].rstrip(b")")) for line in told if isinstance(line, bytes)
    )


def _allocated(data: Path) -> int:
    """Return what a store takes on the disk, as `du` counts, when its logs are written back."""
    for path in data.rglob("*.sqlite3"):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return sum(path.lstat().st_blocks * BLOCK for path in data.rglob("*") if path.exists())


def _write_maildirs(directory: Path, messages: list[bytes], people: list[str]) -> int:
    """Write what a server with Maildirs would, and return what it takes."""
    for address in people:
        current = directory / address / "new"
        current.mkdir(parents=True)
        for number, message in enumerate(messages):
            (current / f"{number}.tour").write_bytes(message)
    return sum(path.lstat().st_blocks * BLOCK for path in directory.rglob("*"))
