"""The tour as a program: `make tour`."""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from groupware.core.clock import monotonic
from groupware.tour.guest import Guest
from groupware.tour.promises import PROMISES
from groupware.tour.report import Report
from groupware.tour.server import NoServer, serving


def main() -> int:
    """Prove every promise, and return 1 where one is broken."""
    parser = argparse.ArgumentParser(prog="make tour", description="Prove each promise live.")
    parser.add_argument("--messages", type=int, default=10_000, help="of the large mailbox (10000)")
    parser.add_argument("--only", nargs="*", choices=PROMISES, default=list(PROMISES))
    options = parser.parse_args()
    report = Report(sys.stdout)
    began = monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="tour-") as directory:
            _walk(Path(directory), report, options)
    except NoServer as failure:
        report.line(str(failure))
        return 1
    except KeyboardInterrupt:
        report.line("\nEnded.")
        return 130
    report.line()
    report.line(
        f"{report.held} proofs held, {report.broken} did not, in {monotonic() - began:.0f} seconds."
    )
    return 1 if report.broken else 0


def _walk(directory: Path, report: Report, options: argparse.Namespace) -> None:
    with ExitStack() as stack:
        with report.waiting("A fresh server with its demo team, in a directory that goes with it"):
            house = stack.enter_context(serving(directory))
        for name in options.only:
            PROMISES[name](Guest(house, report, directory, options.messages))


if __name__ == "__main__":
    sys.exit(main())
