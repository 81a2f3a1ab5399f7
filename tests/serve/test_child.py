"""A process of the supervisor, on its own."""

import subprocess
import sys

PROGRAM = """
import gc
from types import SimpleNamespace
from groupware.serve import child, roles

def run(listeners):
    print(gc.get_freeze_count() > 10_000)

roles.find_program = lambda name: SimpleNamespace(entry="__main__:run")
child.main("any")
"""


def test_what_a_program_begins_with_is_left_alone_by_the_collector() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == ["True"]
