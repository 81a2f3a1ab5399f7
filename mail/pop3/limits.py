"""What the clients of one process may make it keep, and for how long, as this installation has it."""

from dataclasses import dataclass

from groupware.core import limits as configured
from groupware.core.connections import ConnectionLimits


@dataclass(frozen=True, slots=True)
class Limits(ConnectionLimits):
    """Counts, octets and seconds."""

    connections: int = 2_000
    connections_before_login: int = 256
    idle_timeout: float = 600
    sessions: int = 50
    failed_logins: int = 10
    errors: int = 20
    line: int = 4_096
    login_delay: int = 0
    tops: int = 16 * 1024**2


def configured_limits() -> Limits:
    """Return the limits of this installation."""
    return Limits(
        connections=configured.POP3_CONNECTIONS.value,
        connections_before_login=configured.POP3_CONNECTIONS_BEFORE_LOGIN.value,
        sessions=configured.POP3_SESSIONS.value,
        failed_logins=configured.POP3_FAILED_LOGINS.value,
        errors=configured.POP3_ERRORS.value,
        line=configured.POP3_LINE.value,
        login_delay=configured.POP3_LOGIN_DELAY.value,
        tops=configured.POP3_TOPS.value,
        login_timeout=configured.POP3_LOGIN_TIMEOUT.value,
        idle_timeout=configured.POP3_IDLE_TIMEOUT.value,
        write_timeout=configured.POP3_WRITE_TIMEOUT.value,
    )
