import json
import os
import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from groupware.core.metrics import metrics_directory
from groupware.core.tls import ensure_certificate, own_certificate_files
from tests.serve.running import Running, descendants, exists, serving, wait_for


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("serve") / "data"
    with serving(data, "web", "worker") as server:
        yield server


def test_every_address_is_printed_at_once(running: Running) -> None:
    output = running.output.read_text()
    assert f"http://127.0.0.1:{running.ports['HTTP']}/" in output
    assert f"https://127.0.0.1:{running.ports['HTTPS']}/" in output
    assert str(running.data) in output
    assert "Traceback" not in output


def test_data_directory_is_private(running: Running) -> None:
    assert running.data.stat().st_mode & 0o777 == 0o700
    for path in running.data.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_health_is_told_on_both_ports(running: Running) -> None:
    expected = {"status": "ok", "database": "ok", "blobs": "ok"}
    for port in ("HTTP", "HTTPS"):
        status, body = running.get("/healthz", port=port)
        assert (status, json.loads(body)) == (200, expected)


def test_metrics_are_summed_over_processes(running: Running) -> None:
    for port in ("HTTP", "HTTPS"):
        assert running.get("/metrics", port=port)[0] == 200
    body = running.get("/metrics")[1]
    assert 'groupware_http_seconds_count{method="GET",status="200"}' in body
    assert len(list(metrics_directory(running.data).glob("histogram_*.db"))) >= 2


def test_front_page_says_what_runs(running: Running) -> None:
    status, body = running.get("/")
    assert status == 200
    assert body.count('class="state running"') >= 2
    assert str(running.ports["IMAPS"]) in body


def test_a_killed_child_comes_back_and_leaves_nothing_behind(running: Running) -> None:
    before = running.pid_of("web")
    workers = descendants(before)
    assert workers
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: running.pid_of("web") not in {0, before}, "the web program")
    wait_for(lambda: not any(map(exists, workers)), "the end of its workers")
    assert running.get("/healthz")[0] == 200


def test_new_certificate_is_shown_without_a_restart(tmp_path: Path) -> None:
    given = {"GROUPWARE_TLS_CERT": tmp_path / "cert.pem", "GROUPWARE_TLS_KEY": tmp_path / "key.pem"}
    copy_new_certificate(tmp_path / "first", tmp_path)
    variables = {name: str(path) for name, path in given.items()}
    with serving(tmp_path / "data", "web", GROUPWARE_HTTP_PORT="0", **variables) as server:

        def shown() -> str:
            return ssl.get_server_certificate(("127.0.0.1", server.ports["HTTPS"]), timeout=10)

        assert shown() == (tmp_path / "cert.pem").read_text()
        assert not (server.data / "tls").exists()
        copy_new_certificate(tmp_path / "second", tmp_path)
        wait_for(lambda: shown() == (tmp_path / "cert.pem").read_text(), "the new certificate")


def copy_new_certificate(made_in: Path, to: Path) -> None:
    """Make a certificate and put its files where the server looks for them."""
    ensure_certificate(made_in, ["mail.example.test"])
    for path in own_certificate_files(made_in):
        (to / path.name).write_bytes(path.read_bytes())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_takes_less_than_five_seconds_and_ends_everyone(
    number: signal.Signals, tmp_path: Path
) -> None:
    with serving(tmp_path / "data", "web", "worker") as server:
        everyone = descendants(server.process.pid)
        idle = socket.create_connection(("127.0.0.1", server.ports["HTTP"]), 10)
        assert server.stop(number) < 5
        idle.close()
        assert server.process.returncode == 0
        assert not any(map(exists, everyone))
        assert "killed" not in server.output.read_text()


def test_children_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "web", "worker") as server:
        everyone = descendants(server.process.pid)
        server.process.kill()
        server.process.wait()
        wait_for(lambda: not any(map(exists, everyone)), "the end of the children")


def test_roles_that_run_alone_share_a_data_directory(running: Running) -> None:
    with serving(running.data, "worker", log="second") as second:
        wait_for(second.children, "the worker")
        assert list(second.children().values()) == ["worker"]
        # What the first counted is not swept away.
        assert list(metrics_directory(running.data).glob("*.db"))


def test_a_start_on_an_empty_database_migrates_it(tmp_path: Path, empty_database_url: str) -> None:
    with serving(tmp_path / "data", "web", GROUPWARE_DATABASE_URL=empty_database_url) as server:
        assert json.loads(server.get("/healthz")[1])["database"] == "ok"
