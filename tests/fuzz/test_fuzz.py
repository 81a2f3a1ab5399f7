import random
from pathlib import Path

import pytest

from tests.fuzz.hunt import KEPT, Hunt
from tests.fuzz.targets import TARGETS, Target

BY_NAME = {target.name: target for target in TARGETS}


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_every_seed_is_taken(target: Target) -> None:
    assert target.seeds
    for seed in target.seeds:
        target.take(seed, random.Random(1))


def test_every_input_that_was_a_finding_is_taken() -> None:
    for path in sorted(KEPT.glob("*-*")):
        BY_NAME[path.name.partition("-")[0]].take(path.read_bytes(), random.Random(1))


def fail_at_a_semicolon(data: bytes, _chance: random.Random) -> object:
    if b";" in data:
        raise ValueError("a semicolon")
    return len(data) % 7


def test_a_fault_is_found_once_and_its_input_kept(tmp_path: Path) -> None:
    target = Target("imap", [b"abc"], [b";"], fail_at_a_semicolon)
    hunt = Hunt(target, seed=1, kept=tmp_path)
    for _ in range(200):
        hunt.step()
    [found] = hunt.findings.values()
    assert b";" in found
    [path] = tmp_path.iterdir()
    assert path.read_bytes() == found


def test_inputs_of_a_new_kind_become_seeds(tmp_path: Path) -> None:
    hunt = Hunt(BY_NAME["mime"], seed=1, kept=tmp_path)
    before = len(hunt.seeds)
    for _ in range(100):
        hunt.step()
    assert len(hunt.seeds) > before
    assert hunt.findings == {}
