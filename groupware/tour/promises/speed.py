"""The mailbox grows slow."""

import statistics
from collections.abc import Callable
from pathlib import Path

from groupware.core.clock import monotonic
from groupware.tour.devices import Laptop
from groupware.tour.guest import Guest
from groupware.tour.letters import letters
from groupware.tour.server import House

COMPLAINT = "“The more mail, the slower it gets.”"
PROMISE = (
    "Lists come from narrow indexed rows, never from the messages; a sync costs by what changed,"
    " not by the size of the mailbox; words are found by an index."
)
WHO = "marta"
SMALL = 100
TRIES = 7
SLOWEST = 0.05
"""Seconds that opening, looking at a page or catching up may take in the large mailbox."""


def prove(guest: Guest) -> None:
    """Do the same in a small and in a large mailbox."""
    house, report = guest.house, guest.report
    report.complaint(COMPLAINT, PROMISE)
    _fill(guest, "Small", SMALL)
    with report.waiting(f"    {guest.messages:,} messages are imported"):
        _fill(guest, "Large", guest.messages)
    actions: list[tuple[str, Callable[[Laptop, House, str], float]]] = [
        ("open it", _open),
        ("show a page: 50 envelopes, flags, sizes", _page),
        ("catch up after one change elsewhere (QRESYNC)", _catch_up),
    ]
    acting = Laptop(house, WHO)
    acting.enable("QRESYNC")
    for text, action in actions:
        small, large = (
            statistics.median(action(acting, house, name) for _ in range(TRIES))
            for name in ("Small", "Large")
        )
        report.holds(
            f"To {text} takes as little in a mailbox of {guest.messages:,} as in one of {SMALL}.",
            large < SLOWEST,
            f"{small * 1e3:.1f} ms and {large * 1e3:.1f} ms",
        )
    acting.count("Large")
    began = monotonic()
    found = acting.found("TEXT", '"harbour ladder"')
    report.holds(
        "Words side by side are found in the whole text of all of them, also of those that the"
        " index does not hold yet.",
        found,
        f"{len(found)} of {guest.messages:,} in {(monotonic() - began) * 1e3:.0f} ms",
    )
    acting.logout()


def _fill(guest: Guest, name: str, count: int) -> None:
    path = guest.directory / f"{name}.mbox"
    _write_mbox(path, letters(count, seed=name, words=120))
    house = guest.house
    house.manage("import", "mbox", str(path), "--into", f"{house.address(WHO)}/mail/{name}")


def _write_mbox(path: Path, messages: list[bytes]) -> None:
    with path.open("wb") as file:
        for message in messages:
            file.write(
                b"From outside Mon Jan  5 08:00:00 2026\n" + message.replace(b"\r\n", b"\n") + b"\n"
            )


def _open(laptop: Laptop, _house: House, name: str) -> float:
    laptop.raw("UNSELECT") if laptop.state == "SELECTED" else laptop.noop()
    began = monotonic()
    laptop.raw(f"SELECT {name}")
    return monotonic() - began


def _page(laptop: Laptop, _house: House, name: str) -> float:
    total = laptop.count(name)
    began = monotonic()
    laptop.fetch(f"{total - 49}:{total}", "(ENVELOPE FLAGS RFC822.SIZE)")
    return monotonic() - began


def _catch_up(laptop: Laptop, house: House, name: str) -> float:
    position = laptop.position(name)
    other = Laptop(house, WHO)
    other.count(name)
    _, [told] = other.fetch("1", "(FLAGS)")
    other.store("1", "-FLAGS" if b"Flagged" in (told or b"") else "+FLAGS", r"(\Flagged)")
    other.logout()
    laptop.raw("UNSELECT")
    began = monotonic()
    assert len(laptop.catch_up(name, position)) == 1
    return monotonic() - began
