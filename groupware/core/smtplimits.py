"""The limits of SMTP: rows of the table of `groupware.core.limits`, where they are asked for."""

from groupware.core.limit import Limit, Unit

RECEIVED_FIELDS = Limit(
    "MAX_RECEIVED_FIELDS",
    100,
    Unit.COUNT,
    "servers that a message may have come through; with more it goes in circles",
    lowest=10,
    highest=10_000,
)
SMTP_CONNECTIONS = Limit(
    "SMTP_MAX_CONNECTIONS", 1_000, Unit.COUNT, "connections of other mail servers to one process"
)
SMTP_NETWORK_CONNECTIONS = Limit(
    "SMTP_MAX_CONNECTIONS_OF_NETWORK",
    20,
    Unit.COUNT,
    "connections of one address (of IPv6 one /64) to one process of GROUPWARE_PROCESSES;"
    " those trusted are not counted",
)
SMTP_CONNECTION_RATE = Limit(
    "SMTP_CONNECTION_RATE",
    60,
    Unit.COUNT,
    "new connections of one address to one process of GROUPWARE_PROCESSES in a minute",
)
SMTP_MESSAGE_RATE = Limit(
    "SMTP_MESSAGE_RATE",
    300,
    Unit.COUNT,
    "messages of one address to one process of GROUPWARE_PROCESSES in a minute",
)
SMTP_GREETING_DELAY = Limit(
    "SMTP_GREETING_DELAY",
    2,
    Unit.SECONDS,
    "how long another mail server waits for the greeting; who speaks before it is refused",
    lowest=0,
    highest=60,
)
SMTP_RECIPIENTS = Limit(
    "SMTP_MAX_RECIPIENTS",
    1_000,
    Unit.COUNT,
    "recipients of one message over SMTP (RFC 5321 §4.5.3.1.8: at least 100)",
    lowest=100,
)
SMTP_BAD_RECIPIENTS = Limit(
    "SMTP_MAX_BAD_RECIPIENTS",
    20,
    Unit.COUNT,
    "refused recipients after which SMTP closes the connection of another mail server",
)
SMTP_ERRORS = Limit(
    "SMTP_MAX_ERRORS", 20, Unit.COUNT, "refused commands after which SMTP closes the connection"
)
SMTP_IDLE_COMMANDS = Limit(
    "SMTP_MAX_IDLE_COMMANDS",
    100,
    Unit.COUNT,
    "commands such as NOOP and RSET without a message after which SMTP closes the connection",
)
SMTP_READ_TIMEOUT = Limit(
    "SMTP_READ_TIMEOUT",
    300,
    Unit.SECONDS,
    "silence after which SMTP closes the connection (RFC 5321 §4.5.3.2.7: at least five minutes)",
)
SMTP_SESSION_TIMEOUT = Limit(
    "SMTP_SESSION_TIMEOUT",
    3_600,
    Unit.SECONDS,
    "how long an SMTP connection goes on without a message that is whole",
)
SMTP_WRITE_TIMEOUT = Limit(
    "SMTP_WRITE_TIMEOUT", 60, Unit.SECONDS, "how long an SMTP client may leave replies unread"
)
SMTP_LINE = Limit(
    "SMTP_MAX_LINE",
    1 << 20,
    Unit.OCTETS,
    "a line of a message over SMTP; real mail has longer ones than the 998 of the standard",
    lowest=1_000,
)
SMTP_UPLOADING = Limit(
    "SMTP_MAX_UPLOADING",
    512 << 20,
    Unit.OCTETS,
    "memory of one process for messages that are coming in over SMTP; the others wait",
    lowest=1 << 20,
)
SUBMISSION_CONNECTIONS = Limit(
    "SUBMISSION_MAX_CONNECTIONS", 1_000, Unit.COUNT, "connections of mail programs to one process"
)
SUBMISSION_CONNECTIONS_BEFORE_LOGIN = Limit(
    "SUBMISSION_MAX_CONNECTIONS_BEFORE_LOGIN",
    256,
    Unit.COUNT,
    "connections of mail programs to one process that have not logged in",
)
SUBMISSION_LOGIN_TIMEOUT = Limit(
    "SUBMISSION_LOGIN_TIMEOUT",
    60,
    Unit.SECONDS,
    "time from the connection of a mail program to its login",
)
SUBMISSION_FAILED_LOGINS = Limit(
    "SUBMISSION_MAX_FAILED_LOGINS",
    5,
    Unit.COUNT,
    "failed logins after which submission closes the connection",
)
