"""Who takes the tour: what each promise is shown with."""

from dataclasses import dataclass
from pathlib import Path

from groupware.tour.report import Report
from groupware.tour.server import House


@dataclass(frozen=True, slots=True)
class Guest:
    """The server, where to write what is shown, room on the disk, and the large mailbox's size."""

    house: House
    report: Report
    directory: Path
    messages: int
