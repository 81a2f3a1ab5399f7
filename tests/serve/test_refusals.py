import fcntl
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.serve.running import (
    environment,
    free_ports,
    serve_command,
    wait_for,
    waits_for_file,
)


def refused(data: Path, *roles: str, **variables: str) -> str:
    """Return the one line with which a start is refused."""
    ports = dict.fromkeys(free_ports(), 0)
    done = subprocess.run(
        serve_command(*roles),
        env=environment(data, ports, **variables),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


def test_a_port_that_is_taken_is_one_line_that_names_its_variable(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        line = refused(tmp_path / "data", "imap", GROUPWARE_IMAP_PORT=str(port))
    assert f"port {port} on 127.0.0.1 is taken" in line
    assert "GROUPWARE_IMAP_PORT" in line


def test_a_data_directory_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    line = refused(tmp_path / "file" / "data")
    assert "GROUPWARE_DATA: cannot write to" in line


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("GROUPWARE_IMAP_PORT", "imap", "expected a whole number"),
        ("GROUPWARE_HOST", "192.0.2.1", "this machine has no address 192.0.2.1"),
        ("GROUPWARE_DATABASE_URL", "mysql://h/d", "sqlite:// or postgresql://"),
        ("GROUPWARE_DATABASE_URL", "postgresql://u@127.0.0.1:1/d", "GROUPWARE_DATABASE_URL:"),
        ("GROUPWARE_DATABASE_URL", "sqlite:///nowhere/at/all.db", "GROUPWARE_DATABASE_URL:"),
    ],
)
def test_a_wrong_setting_is_one_line(tmp_path: Path, name: str, value: str, part: str) -> None:
    port = str(free_ports()["HTTP"])
    line = refused(tmp_path / "data", **{"GROUPWARE_HTTP_PORT": port} | {name: value})
    assert part in line


def test_an_unknown_role_is_one_line_that_lists_the_roles(tmp_path: Path) -> None:
    assert "the roles are web, events, imap" in refused(tmp_path / "data", "gopher")


def test_ctrl_c_while_the_server_is_still_starting_is_no_traceback(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    with (data / "migrate.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        starting = subprocess.Popen(
            serve_command("worker"),
            env=environment(data, free_ports()),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        wait_for(lambda: waits_for_file(starting.pid, data / "migrate.lock"), "the start")
        starting.send_signal(signal.SIGINT)
        output = starting.communicate(timeout=30)
    assert output == (b"", b"")
    assert starting.returncode == 130
