"""What the clients of one process may make it keep, and for how long, as this installation has it."""

from dataclasses import dataclass

from groupware.core import limits as configured
from groupware.core.connections import ConnectionLimits
from mail.imap.events import Limits


@dataclass(frozen=True, slots=True)
class ServerLimits(ConnectionLimits):
    """What all clients of one process together may make it keep, and for how long."""

    connections: int = 10_000
    connections_before_login: int = 512
    idle_timeout: float = 30 * 60
    command_timeout: float = 5 * 60
    uploading: int = 512 * 1024 * 1024
    small_upload: int = 1024 * 1024


def client_limits() -> Limits:
    """Return the limits of one client."""
    return Limits(
        max_line=configured.IMAP_LINE.value,
        max_literal=configured.IMAP_LITERAL.value,
        max_bad_commands=configured.IMAP_BAD_COMMANDS.value,
        message_limit=configured.MESSAGE_SIZE.value,
        append_limit=configured.IMAP_APPEND.value,
        max_messages=configured.IMAP_APPEND_MESSAGES.value,
    )


def server_limits() -> ServerLimits:
    """Return the limits of all clients of a process."""
    return ServerLimits(
        connections=configured.IMAP_CONNECTIONS.value,
        connections_before_login=configured.IMAP_CONNECTIONS_BEFORE_LOGIN.value,
        idle_timeout=configured.IMAP_IDLE_TIMEOUT.value,
        login_timeout=configured.IMAP_LOGIN_TIMEOUT.value,
        command_timeout=configured.IMAP_COMMAND_TIMEOUT.value,
        write_timeout=configured.IMAP_WRITE_TIMEOUT.value,
        uploading=configured.IMAP_UPLOADING.value,
    )
