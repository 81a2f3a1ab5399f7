"""The limits of HTTP and DAV: rows of the table of `groupware.core.limits`, where they are asked for."""

from groupware.core.limit import Limit, Unit

WEB_BODY = Limit(
    "WEB_MAX_BODY",
    32 << 20,
    Unit.OCTETS,
    "the body of one HTTP request; what it may be used for has bounds of its own",
    lowest=1 << 20,
    highest=1 << 30,
)
WEB_UPLOADING = Limit(
    "WEB_MAX_UPLOADING",
    256 << 20,
    Unit.OCTETS,
    "memory of one process for bodies of HTTP requests that are coming in; the others wait",
    lowest=1 << 20,
)
WEB_BODY_TIMEOUT = Limit(
    "WEB_BODY_TIMEOUT",
    30,
    Unit.SECONDS,
    "how long the body of an HTTP request may take, beside what its rate allows",
    highest=3_600,
)
WEB_BODY_RATE = Limit(
    "WEB_BODY_RATE",
    4 << 10,
    Unit.OCTETS,
    "octets a second at which the body of an HTTP request must come at least",
)
AUTODISCOVER_REQUEST = Limit(
    "AUTODISCOVER_MAX_REQUEST",
    16 << 10,
    Unit.OCTETS,
    "the XML with which a program asks for the settings of an address (autodiscover)",
    lowest=1 << 10,
    highest=1 << 20,
)
DAV_REQUEST = Limit(
    "DAV_MAX_REQUEST",
    16 << 20,
    Unit.OCTETS,
    "the XML of one CalDAV or CardDAV request",
    lowest=64 << 10,
    highest=256 << 20,
)
DAV_DOWNLOAD = Limit(
    "DAV_MAX_DOWNLOAD",
    256 << 20,
    Unit.OCTETS,
    "a whole calendar or address book that is fetched as one file",
    lowest=1 << 20,
    highest=1 << 30,
)
DAV_PROPERTY = Limit(
    "DAV_MAX_PROPERTY",
    64 << 10,
    Unit.OCTETS,
    "one property that a client sets and the server does not know",
    lowest=1 << 10,
    highest=1 << 20,
)
DAV_PROPERTIES = Limit(
    "DAV_MAX_PROPERTIES",
    16 << 20,
    Unit.OCTETS,
    "all properties of an account that clients set and the server does not know",
    lowest=64 << 10,
)

DAV_ACES = Limit(
    "DAV_MAX_ACES", 500, Unit.COUNT, "whom one calendar or address book is shared with by DAV"
)
DAV_PRINCIPALS = Limit(
    "DAV_MAX_PRINCIPALS", 500, Unit.COUNT, "people and groups that one search of DAV finds"
)
DAV_RESULTS = Limit(
    "DAV_MAX_RESULTS",
    200_000,
    Unit.COUNT,
    "events or cards that one report finds or synchronizes; a synchronization goes on from there",
)
DAV_ANSWER = Limit(
    "DAV_MAX_ANSWER",
    256 << 20,
    Unit.OCTETS,
    "events or cards that one report sends whole; a synchronization goes on from there",
)
DAV_NAMES = Limit(
    "DAV_MAX_PROPERTY_NAMES", 500, Unit.COUNT, "properties that one DAV request asks for or sets"
)
DAV_MULTISTATUS = Limit(
    "DAV_MAX_MULTISTATUS",
    256 << 20,
    Unit.OCTETS,
    "properties that one DAV answer tells of events and cards, beside their data",
)
DAV_LOCKS = Limit("DAV_MAX_LOCKS", 1_000, Unit.COUNT, "DAV locks that an account holds at once")
DAV_LOCK_TIMEOUT = Limit(
    "DAV_LOCK_TIMEOUT",
    3600,
    Unit.SECONDS,
    "how long a DAV lock is in force unless its client renews it",
    lowest=60,
    highest=7 * 24 * 3600,
)
DAV_COPY = Limit(
    "DAV_MAX_COPY",
    10_000,
    Unit.COUNT,
    "members of a calendar or address book that is copied as a whole over DAV",
)
