"""The limits of the outbound queue: rows of the table of `groupware.core.limits`."""

from groupware.core.limit import Limit, Unit

QUEUE_LIFETIME = Limit(
    "QUEUE_LIFETIME",
    5,
    Unit.DAYS,
    "how long a message for another server is tried before its sender gets it back",
    highest=100,
)
QUEUE_WARNING = Limit(
    "QUEUE_WARNING",
    4 * 3600,
    Unit.SECONDS,
    "after which a sender is told, once, that a message is still waiting",
    lowest=60,
)
QUEUE_THREADS = Limit(
    "QUEUE_MAX_CONNECTIONS",
    20,
    Unit.COUNT,
    "connections of one worker to other servers at once",
    highest=500,
)
QUEUE_DESTINATION = Limit(
    "QUEUE_MAX_CONNECTIONS_TO_ONE",
    5,
    Unit.COUNT,
    "of those, connections to one domain, or to one relay",
    highest=500,
)
QUEUE_REUSE = Limit(
    "QUEUE_MAX_MESSAGES",
    100,
    Unit.COUNT,
    "messages that go over one connection to another server",
)
QUEUE_RECIPIENTS = Limit(
    "QUEUE_MAX_RECIPIENTS",
    100,
    Unit.COUNT,
    "recipients of one message that are sent together (RFC 5321 §4.5.3.1.8: others take 100)",
    highest=1_000,
)
QUEUE_MEMORY = Limit(
    "QUEUE_MEMORY",
    256 << 20,
    Unit.OCTETS,
    "memory of one worker for messages that are being sent; one alone may be larger",
    lowest=1 << 20,
)
QUEUE_LEASE = Limit(
    "QUEUE_LEASE",
    120,
    Unit.SECONDS,
    "after which another worker takes over what a dead one was sending",
    lowest=3,
    highest=3_600,
)
QUEUE_CONNECT_TIMEOUT = Limit(
    "QUEUE_CONNECT_TIMEOUT",
    30,
    Unit.SECONDS,
    "how long one address of another server may take to answer a connection",
    highest=600,
)
QUEUE_COMMAND_TIMEOUT = Limit(
    "QUEUE_COMMAND_TIMEOUT",
    300,
    Unit.SECONDS,
    "how long another server may take to greet, and to answer a command (RFC 5321 §4.5.3.2)",
    highest=3_600,
)
QUEUE_DATA_TIMEOUT = Limit(
    "QUEUE_DATA_TIMEOUT",
    600,
    Unit.SECONDS,
    "how long another server may take to answer for a message (RFC 5321 §4.5.3.2.6)",
    highest=3_600,
)
