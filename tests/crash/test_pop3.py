"""kill -9 at QUIT: of what a session deleted all is gone or nothing, and the store is sound."""

import contextlib
import poplib
import subprocess
import sys
from pathlib import Path

import pytest

from groupware.environment import BASE_DIR
from tests.clients.lmtp import deliver_all
from tests.clients.people import PASSWORD, create_people
from tests.clients.samples import numbered
from tests.serve.running import Running, environment, serving

pytestmark = [pytest.mark.crash, pytest.mark.slow]

ADDRESS = "ann@example.test"
NUMBER = 20


def sign_in(server: Running) -> poplib.POP3:
    """Sign in; while a killed server comes back, its supervisor holds the port."""
    client = poplib.POP3("127.0.0.1", server.ports["POP3"], timeout=30)
    client.user(ADDRESS)
    client.pass_(PASSWORD)
    return client


@pytest.mark.parametrize(("point", "left"), [("pop3-removed", NUMBER), ("pop3-committed", 0)])
def test_quit_that_is_cut_off_does_all_or_nothing(
    tmp_path: Path, fresh_database_url: str, point: str, left: int
) -> None:
    data = tmp_path / "data"
    variables = {"GROUPWARE_DATABASE_URL": fresh_database_url, "GROUPWARE_ALLOW_PLAINTEXT": "1"}
    with serving(data, "lmtp", log="lmtp", **variables) as server:
        create_people(server, [ADDRESS], GROUPWARE_DATABASE_URL=fresh_database_url)
        deliver_all(server.ports["LMTP"], [numbered(n) for n in range(NUMBER)], [ADDRESS])
    variables["GROUPWARE_PROCESSES"] = "1"
    with serving(data, "pop3", GROUPWARE_CRASH_AT=point, **variables) as server:
        with contextlib.closing(sign_in(server)) as client:
            for number in range(1, NUMBER + 1):
                client.dele(number)
            with pytest.raises((EOFError, OSError, poplib.error_proto)):
                client.quit()
        with contextlib.closing(sign_in(server)) as after:
            assert after.stat()[0] == left
    ended = subprocess.run(
        [sys.executable, str(BASE_DIR / "manage.py"), "doctor", "--deep"],
        env=environment(data, {}, GROUPWARE_DATABASE_URL=fresh_database_url),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
