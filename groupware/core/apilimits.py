"""The limits of the REST API: rows of the table of `groupware.core.limits`, where they are asked for."""

from groupware.core.limit import Limit, Unit

API_BODY = Limit(
    "API_MAX_BODY",
    1 << 20,
    Unit.OCTETS,
    "the JSON of one request of the REST API; what carries messages or files has bounds of its own",
    lowest=64 << 10,
    highest=32 << 20,
)
API_LETTER = Limit(
    "API_MAX_LETTER",
    48 << 20,
    Unit.OCTETS,
    "the JSON of a letter that is written over REST, with its files in it; a whole message may be larger",
    lowest=64 << 10,
    highest=1 << 30,
)
API_REQUESTS = Limit(
    "API_MAX_REQUESTS",
    1_200,
    Unit.COUNT,
    "requests of one account a minute over REST, at all processes of a machine together",
    lowest=10,
)
API_FAILURES = Limit(
    "API_MAX_FAILURES",
    60,
    Unit.COUNT,
    "different credentials a minute from one network that open nothing, at all processes of a machine together",
    lowest=5,
)
API_KEYS = Limit(
    "API_MAX_IDEMPOTENCY_KEYS",
    10_000,
    Unit.COUNT,
    "requests of one account that are kept for being sent again",
    lowest=100,
)
API_KEY_HOURS = Limit(
    "API_IDEMPOTENCY_HOURS",
    24,
    Unit.COUNT,
    "hours for which the answer to a request with an idempotency key is kept",
    highest=24 * 30,
)
API_OCCURRENCES = Limit(
    "API_MAX_OCCURRENCES",
    10_000,
    Unit.COUNT,
    "occurrences of events that one request of the REST API may find",
    lowest=100,
    highest=100_000,
)
EVENTS_STREAMS = Limit(
    "EVENTS_MAX_STREAMS", 5_000, Unit.COUNT, "streams of events that one process keeps open"
)
EVENTS_OF_ACCOUNT = Limit(
    "EVENTS_MAX_STREAMS_OF_ACCOUNT",
    20,
    Unit.COUNT,
    "of those, streams of one account",
)
EVENTS_HEARTBEAT = Limit(
    "EVENTS_HEARTBEAT",
    25,
    Unit.SECONDS,
    "after which a stream of events on which nothing happened shows that it lives",
    highest=600,
)
EVENTS_WRITE = Limit(
    "EVENTS_WRITE_TIMEOUT",
    30,
    Unit.SECONDS,
    "how long a client may leave unread what a stream of events sends it",
    highest=600,
)
