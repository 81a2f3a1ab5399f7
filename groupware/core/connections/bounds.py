"""What clients may make a process keep, and for how long."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What all clients of one process may make it keep, and for how long; octets and seconds."""

    connections: int
    connections_before_login: int
    idle_timeout: float
    login_timeout: float = 60
    write_timeout: float = 120
    handshake_timeout: float = 30
    stop_timeout: float = 4
    buffered_output: int = 256 * 1024
