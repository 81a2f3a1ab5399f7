"""The delta law over three sessions in memory, on the database of this run.

`DELTA_EXAMPLES=5000 pytest tests/delta` runs it for as long as that takes.
"""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from groupware.core import aio, directory
from tests.delta.machine import DeltaMachine
from tests.delta.world import DOMAIN

EXAMPLES = int(os.environ.get("DELTA_EXAMPLES", "60"))
STEPS = 30


@pytest.mark.timeout(0 if EXAMPLES > 100 else 480)  # a failure is shrunk for 5 minutes
def test_what_a_client_knew_and_was_told_is_what_a_fresh_client_sees(
    relaxed: None,
) -> None:
    directory.create_domain(DOMAIN)
    try:
        run_state_machine_as_test(
            DeltaMachine,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        aio.close_crossing()
