"""Clients that stay, and say nothing."""

import pytest

from benchmarks.idle import measure, own_server

KILOBYTE = 1000


@pytest.mark.parametrize("compress", [False, True], ids=["plain", "compressed"])
def test_an_idle_connection_over_tls_costs_little_memory(compress: bool) -> None:
    with own_server(plain=False, compress=compress) as target:
        measured = measure(target, 400)
    assert measured.each < (80 if compress else 60) * KILOBYTE, str(measured)
