"""The limits of the message trace and of notices to administrators: rows of `groupware.core.limits`."""

from groupware.core.limit import Limit, Unit

TRACE_KEEP = Limit(
    "TRACE_KEEP",
    21,
    Unit.DAYS,
    "how long it is kept where messages went: who wrote to whom, and when",
    highest=3_650,
)
TRAFFIC_KEEP = Limit(
    "TRAFFIC_KEEP",
    400,
    Unit.DAYS,
    "how long it is kept how much mail each domain had by the hour",
    highest=36_500,
)
TRACE_BUFFER = Limit(
    "TRACE_BUFFER",
    20_000,
    Unit.COUNT,
    "steps of messages that one process holds until they are written; what comes beyond is lost",
    highest=10_000_000,
)
TRACE_REFUSALS = Limit(
    "TRACE_REFUSALS",
    600,
    Unit.COUNT,
    "refusals of a minute that are traced one by one, in one process; the others are counted alone",
)
NOTICE_CERTIFICATE = Limit(
    "NOTICE_CERTIFICATE",
    14,
    Unit.DAYS,
    "before the end of the certificate at which administrators are told; 0: never",
    lowest=0,
    highest=365,
)
NOTICE_DISK = Limit(
    "NOTICE_DISK",
    10,
    Unit.PERCENT,
    "free space of the disk below which administrators are told, before the reserve is reached",
    lowest=0,
    highest=90,
)
NOTICE_QUEUE = Limit(
    "NOTICE_QUEUE",
    500,
    Unit.COUNT,
    "recipients in the queue above which administrators are told; 0: never",
    lowest=0,
)
NOTICE_QUEUE_AGE = Limit(
    "NOTICE_QUEUE_AGE",
    12 * 3600,
    Unit.SECONDS,
    "after which administrators are told of a message that still waits; 0: never",
    lowest=0,
)
NOTICE_SENDING = Limit(
    "NOTICE_SENDING",
    200,
    Unit.COUNT,
    "recipients of one account within an hour above which administrators are told; 0: never",
    lowest=0,
)
