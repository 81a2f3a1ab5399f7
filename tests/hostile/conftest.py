"""One server for the module that asks, with a single process of each protocol and short limits."""

from collections.abc import Iterator

import pytest

from groupware.core.limit import Limit
from tests.hostile.peers import ANNA, BEN, create_people
from tests.mailflow.dns import serving_dns
from tests.serve.running import Running, free_ports, serving

LIMITS = {
    "IMAP_LOGIN_TIMEOUT": "2",
    "IMAP_WRITE_TIMEOUT": "2",
    "IMAP_COMMAND_TIMEOUT": "2",
    "IMAP_IDLE_TIMEOUT": "5",
    "IMAP_MAX_CONNECTIONS": "12",
    "IMAP_MAX_CONNECTIONS_BEFORE_LOGIN": "6",
    "IMAP_MAX_SESSIONS": "5",
    "IMAP_MAX_FAILED_LOGINS": "3",
    "IMAP_MAX_LINE": "10000",
    "IMAP_MAX_LITERAL": "2000",
    "IMAP_MAX_BAD_COMMANDS": "7",
    "IMAP_MAX_APPEND": "2M",
    "IMAP_MAX_APPEND_MESSAGES": "3",
    "IMAP_MAX_UPLOADING": "4M",
    "MAX_MESSAGE_SIZE": "3M",
    "LMTP_MAX_UPLOADING": "4M",
    "LMTP_MAX_CONNECTIONS": "4",
    "LMTP_MAX_LINE": "5000",
    "LMTP_READ_TIMEOUT": "2",
    "LMTP_WRITE_TIMEOUT": "2",
    "SMTP_READ_TIMEOUT": "2",
    "SMTP_SESSION_TIMEOUT": "4",
    "SMTP_WRITE_TIMEOUT": "2",
    "SMTP_MAX_UPLOADING": "4M",
    "SMTP_MAX_LINE": "5000",
    "SMTP_MAX_IDLE_COMMANDS": "50",
    "SUBMISSION_LOGIN_TIMEOUT": "2",
}


def value_of(limit: Limit) -> int:
    """Return what the server of these tests has been told."""
    return limit.parse(LIMITS[limit.name])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Yield a server with two people, whose passwords are taken without TLS."""
    data = tmp_path_factory.mktemp("hostile") / "data"
    create_people(data, free_ports(), ANNA, BEN)
    variables = {f"GROUPWARE_{name}": value for name, value in LIMITS.items()}
    with (
        serving_dns() as dns,
        serving(
            data,
            *("imap", "lmtp", "smtp"),
            GROUPWARE_PROCESSES="1",
            GROUPWARE_ALLOW_PLAINTEXT="1",
            GROUPWARE_DOMAIN="team.example",
            GROUPWARE_DNS_SERVERS=dns.variable,
            **variables,
        ) as running,
    ):
        yield running
        log = running.output.read_text()
        assert "Traceback" not in log
        assert "command failed" not in log
