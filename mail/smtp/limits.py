"""What the peers of one process may make it keep, and for how long, as this installation has it."""

from dataclasses import dataclass, field, replace

from groupware.core import limits as configured
from groupware.core.connections import ConnectionLimits
from mail.smtp.connection import Limits


@dataclass(frozen=True, slots=True)
class ServerLimits(ConnectionLimits):
    """Counts, octets and seconds; 0 is none where another role has the limit."""

    octets: Limits = field(default_factory=Limits)
    recipients: int = 1_000
    errors: int = 20
    idle_commands: int = 0
    received_fields: int = 100
    uploading: int = 512 << 20
    session_timeout: float = 0
    bad_recipients: int = 0
    failed_logins: int = 0
    network_connections: int = 0
    connection_rate: int = 0
    message_rate: int = 0
    greeting_delay: float = 0


def lmtp_limits() -> ServerLimits:
    """Return the limits of LMTP."""
    return ServerLimits(
        connections=configured.LMTP_CONNECTIONS.value,
        connections_before_login=configured.LMTP_CONNECTIONS.value,
        idle_timeout=configured.LMTP_READ_TIMEOUT.value,
        write_timeout=configured.LMTP_WRITE_TIMEOUT.value,
        octets=_octets(configured.LMTP_LINE.value),
        recipients=configured.LMTP_RECIPIENTS.value,
        errors=configured.LMTP_ERRORS.value,
        received_fields=configured.RECEIVED_FIELDS.value,
        uploading=configured.LMTP_UPLOADING.value,
    )


def reception_limits() -> ServerLimits:
    """Return the limits of other mail servers."""
    return replace(
        _smtp_limits(configured.SMTP_CONNECTIONS.value),
        bad_recipients=configured.SMTP_BAD_RECIPIENTS.value,
        network_connections=configured.SMTP_NETWORK_CONNECTIONS.value,
        connection_rate=configured.SMTP_CONNECTION_RATE.value,
        message_rate=configured.SMTP_MESSAGE_RATE.value,
        greeting_delay=configured.SMTP_GREETING_DELAY.value,
    )


def submission_limits() -> ServerLimits:
    """Return the limits of the mail programs of people here."""
    return replace(
        _smtp_limits(configured.SUBMISSION_CONNECTIONS.value),
        connections_before_login=configured.SUBMISSION_CONNECTIONS_BEFORE_LOGIN.value,
        login_timeout=configured.SUBMISSION_LOGIN_TIMEOUT.value,
        failed_logins=configured.SUBMISSION_FAILED_LOGINS.value,
    )


def _smtp_limits(connections: int) -> ServerLimits:
    """Return what both have in common."""
    return ServerLimits(
        connections=connections,
        connections_before_login=connections,
        idle_timeout=configured.SMTP_READ_TIMEOUT.value,
        write_timeout=configured.SMTP_WRITE_TIMEOUT.value,
        octets=_octets(configured.SMTP_LINE.value),
        recipients=configured.SMTP_RECIPIENTS.value,
        errors=configured.SMTP_ERRORS.value,
        idle_commands=configured.SMTP_IDLE_COMMANDS.value,
        received_fields=configured.RECEIVED_FIELDS.value,
        uploading=configured.SMTP_UPLOADING.value,
        session_timeout=configured.SMTP_SESSION_TIMEOUT.value,
    )


def _octets(line: int) -> Limits:
    return Limits(message_line=line, message=configured.MESSAGE_SIZE.value)
