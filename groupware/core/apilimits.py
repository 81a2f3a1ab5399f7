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
