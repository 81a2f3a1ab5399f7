"""The limits of POP3: rows of the table of `groupware.core.limits`, where they are asked for."""

from groupware.core.limit import Limit, Unit

POP3_CONNECTIONS = Limit(
    "POP3_MAX_CONNECTIONS", 2_000, Unit.COUNT, "POP3 connections of one process at once"
)
POP3_CONNECTIONS_BEFORE_LOGIN = Limit(
    "POP3_MAX_CONNECTIONS_BEFORE_LOGIN",
    256,
    Unit.COUNT,
    "POP3 connections of one process that have not logged in",
)
POP3_SESSIONS = Limit(
    "POP3_MAX_SESSIONS", 50, Unit.COUNT, "POP3 sessions of one account in one process"
)
POP3_FAILED_LOGINS = Limit(
    "POP3_MAX_FAILED_LOGINS", 10, Unit.COUNT, "failed logins after which POP3 closes the connection"
)
POP3_ERRORS = Limit(
    "POP3_MAX_ERRORS",
    20,
    Unit.COUNT,
    "bad commands in a row after which POP3 closes the connection",
)
POP3_LINE = Limit(
    "POP3_MAX_LINE", 4 << 10, Unit.OCTETS, "a command line of POP3", lowest=255, highest=1 << 20
)
POP3_MEMORY = Limit(
    "POP3_MEMORY",
    16 * 1024**2,
    Unit.OCTETS,
    "what a POP3 process keeps of maildrops to open them again, 24 octets a message",
    lowest=0,
)
POP3_TOPS = Limit(
    "POP3_TOPS",
    16 * 1024**2,
    Unit.OCTETS,
    "what a POP3 process keeps of the responses to TOP, some 2 KB a message",
    lowest=0,
)
POP3_MESSAGES = Limit(
    "POP3_MAX_MESSAGES",
    1_000_000,
    Unit.COUNT,
    "messages that a POP3 session sees, the newest; 25 octets of memory each",
)
POP3_LOGIN_TIMEOUT = Limit(
    "POP3_LOGIN_TIMEOUT", 60, Unit.SECONDS, "time from a POP3 connection to its login"
)
POP3_IDLE_TIMEOUT = Limit(
    "POP3_IDLE_TIMEOUT",
    600,
    Unit.SECONDS,
    "silence after which POP3 closes the connection (RFC 1939 §3: at least ten minutes)",
    lowest=600,
)
POP3_WRITE_TIMEOUT = Limit(
    "POP3_WRITE_TIMEOUT", 120, Unit.SECONDS, "how long a POP3 client may take nothing"
)
POP3_LOGIN_DELAY = Limit(
    "POP3_LOGIN_DELAY",
    0,
    Unit.SECONDS,
    "time between two POP3 logins with one password (RFC 2449 §6.5); 0 is none",
    lowest=0,
    highest=86_400,
)
POP3_HIDE_DAYS = Limit(
    "POP3_HIDE_DAYS",
    0,
    Unit.DAYS,
    "for how long POP3 hides what it only hides, where the account does not say; 0 is for ever",
    lowest=0,
    highest=36_500,
)
