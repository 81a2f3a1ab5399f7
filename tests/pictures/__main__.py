"""python -m tests.pictures [--every] [--to DIRECTORY]

Takes the pictures of docs/pictures anew; with `--every` one of each page in each look, into a
directory of its own, for who wants to see what a change of the style does.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from groupware.environment import BASE_DIR
from tests.pictures.shots import EVERY, README
from tests.pictures.taking import take

PICTURES = BASE_DIR / "docs" / "pictures"


def main() -> None:
    """Take them, and say where they are."""
    parser = argparse.ArgumentParser(prog="python -m tests.pictures", description=__doc__)
    parser.add_argument("--every", action="store_true", help="each page in each look")
    parser.add_argument("--to", type=Path, help="another directory than docs/pictures")
    asked = parser.parse_args()
    if asked.every and asked.to is None:
        parser.error("--every wants a directory: name it with --to")
    with tempfile.TemporaryDirectory(prefix="groupware-pictures-") as directory:
        for path in take(EVERY if asked.every else README, Path(directory), asked.to or PICTURES):
            sys.stdout.write(f"{path} {path.stat().st_size:,} B\n")


if __name__ == "__main__":
    main()
