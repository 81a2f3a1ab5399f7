"""No worker of the web role is forked while a certificate is loaded."""

import os
import threading
from collections.abc import Callable

import pytest

from groupware.serve import web


class SlowTls:
    """A certificate that takes as long to load as the test wants."""

    def __init__(self) -> None:
        self.is_loading, self.may_end = threading.Event(), threading.Event()

    def reload_if_changed(self) -> bool:
        self.is_loading.set()
        assert self.may_end.wait(20)
        return False


def fork() -> None:
    """Fork a child that ends at once, and wait for its end."""
    if (pid := os.fork()) == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def in_thread(run: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def test_a_fork_waits_until_the_certificate_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    tls = SlowTls()
    monkeypatch.setattr(web, "server_tls", lambda: tls)
    monkeypatch.setattr(web, "CERTIFICATE_SECONDS", 0.01)
    web._watch_certificate()
    assert tls.is_loading.wait(20)
    forking = in_thread(fork)
    forking.join(0.2)
    assert forking.is_alive()
    tls.may_end.set()
    forking.join(20)
    assert not forking.is_alive()
