"""Fuzz for a while: `python -m tests.fuzz [--seconds 600] [--seed N] [--target imap]`.

Prints each finding with the input that makes it, and keeps it in tests/fuzz/kept, where
test_fuzz.py plays it from then on; exits with 1 where there was one.
"""

import argparse
import random
import sys
import time
from collections.abc import Sequence

from tests.fuzz.hunt import Hunt
from tests.fuzz.targets import TARGETS


def main(arguments: Sequence[str]) -> int:
    """Share the time among the targets, and tell what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=None, help="for the same inputs again")
    parser.add_argument("--target", choices=[target.name for target in TARGETS])
    options = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
    targets = [target for target in TARGETS if options.target in (None, target.name)]
    findings = 0
    for target in targets:
        hunt = Hunt(target, seed)
        ends = time.monotonic() + options.seconds / len(targets)
        while time.monotonic() < ends:
            hunt.step()
        print(  # noqa: T201 - the report
            f"{target.name}: {hunt.tried} inputs, {len(hunt.seeds)} kinds,"
            f" {len(hunt.findings)} findings (seed {seed})"
        )
        findings += len(hunt.findings)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
