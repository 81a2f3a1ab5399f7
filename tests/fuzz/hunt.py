"""One target fed with inputs that grow from those it took in a new way."""

import hashlib
import random
import time
import traceback
from pathlib import Path

from tests.fuzz.mutation import Mutator
from tests.fuzz.targets import Target

KEPT = Path(__file__).parent / "kept"
SLOW_SECONDS = 5.0
"""Processor time for one input of at most 64 KiB from which on it is a finding."""
MOST_SEEDS = 2_000


class Hunt:
    """Feeds a target; `findings` are the failures, each once, by where they were raised."""

    def __init__(self, target: Target, seed: int, kept: Path = KEPT) -> None:
        self._target = target
        self._chance = random.Random(f"{target.name} {seed}")
        self._mutator = Mutator(self._chance, target.words)
        self._kept = kept
        self._traits: set[object] = set()
        self.seeds = list(target.seeds)
        self.findings: dict[str, bytes] = {}
        self.tried = 0

    def step(self) -> None:
        """Make and feed one input."""
        one, other = self._chance.choice(self.seeds), self._chance.choice(self.seeds)
        data = self._mutator.mutate(one, other)
        self.tried += 1
        started = time.process_time()
        try:
            trait = self._target.take(data, self._chance)
        except Exception as error:  # noqa: BLE001 - whatever is raised is the finding
            self._note(data, error)
            return
        if time.process_time() - started > SLOW_SECONDS:
            self._note(data, TimeoutError("the input took too long"))
        if trait not in self._traits and len(self.seeds) < MOST_SEEDS:
            self._traits.add(trait)
            self.seeds.append(data)

    def _note(self, data: bytes, error: Exception) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        where = f"{type(error).__name__} {frames[-1].filename}:{frames[-1].lineno}"
        if where in self.findings:
            return
        self.findings[where] = data
        name = f"{self._target.name}-{hashlib.sha256(data).hexdigest()[:12]}"
        self._kept.mkdir(exist_ok=True)
        (self._kept / name).write_bytes(data)
        traceback.print_exception(error)
        print(f"Finding: {where}\nThe input is kept as {self._kept / name}: {data[:300]!r}")  # noqa: T201
