"""The delta law of DAV over four clients, on the database of this run.

`DELTA_EXAMPLES=5000 pytest tests/delta/dav` runs it for as long as that takes.
"""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from groupware.core import directory
from tests.delta.dav.machine import DavMachine

EXAMPLES = int(os.environ.get("DELTA_EXAMPLES", "40"))
STEPS = 30


@pytest.mark.django_db
@pytest.mark.timeout(0 if EXAMPLES > 100 else 480)  # a failure is shrunk for 5 minutes
def test_a_token_and_its_reports_are_what_a_propfind_tells() -> None:
    directory.create_domain("example.test")
    run_state_machine_as_test(
        DavMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
