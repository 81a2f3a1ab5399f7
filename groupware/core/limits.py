"""Every limit that an installation may move: name, default, bounds and meaning, in one table.

A limit is the variable `GROUPWARE_<NAME>`. `groupware.environment` reads them all, so that a
wrong one stops the start with one line; the code asks for `limits.MESSAGE_SIZE.value`. Limits
that follow from a protocol or from an algorithm are constants beside their code.
"""

from groupware.core.adminlimits import *  # noqa: F403 - rows of this table
from groupware.core.apilimits import *  # noqa: F403 - rows of this table
from groupware.core.identitylimits import *  # noqa: F403 - rows of this table
from groupware.core.limit import Limit, Unit
from groupware.core.oauthlimits import *  # noqa: F403 - rows of this table
from groupware.core.outsidelimits import *  # noqa: F403 - rows of this table
from groupware.core.pop3limits import *  # noqa: F403 - rows of this table
from groupware.core.queuelimits import *  # noqa: F403 - rows of this table
from groupware.core.smtplimits import *  # noqa: F403 - rows of this table
from groupware.core.tracelimits import *  # noqa: F403 - rows of this table
from groupware.core.weblimits import *  # noqa: F403 - rows of this table

LOCK_TIMEOUT = Limit(
    "LOCK_TIMEOUT",
    10,
    Unit.SECONDS,
    "how long a write waits for its turn before the client is told to try again",
    highest=600,
)
FLAG_SYNC = Limit(
    "FLAG_SYNC",
    1,
    Unit.SECONDS,
    "how long a change of flags may be lost with the power (SQLite); 0: not from its reply on",
    lowest=0,
    highest=60,
)
AUTHENTICATION_TIMEOUT = Limit(
    "AUTHENTICATION_TIMEOUT",
    20,
    Unit.SECONDS,
    "how long the DNS may be asked about one message, for SPF, DKIM, DMARC and ARC together",
    highest=120,
)
RSPAMD_TIMEOUT = Limit(
    "RSPAMD_TIMEOUT",
    10,
    Unit.SECONDS,
    "how long rspamd may take for one message; then it is taken unchecked",
    highest=120,
)
RSPAMD_LEARNING_DAYS = Limit(
    "RSPAMD_LEARNING_DAYS",
    2,
    Unit.DAYS,
    "how long rspamd is asked again to learn what somebody moved, where it is away or refuses",
    lowest=0,
    highest=30,
)
DNS_TIMEOUT = Limit(
    "DNS_TIMEOUT",
    5,
    Unit.SECONDS,
    "how long the DNS may take to answer one question, all its servers together",
    highest=60,
)
DISK_RESERVE = Limit(
    "DISK_RESERVE",
    256 << 20,
    Unit.OCTETS,
    "free space below which nothing new is stored; reading and deleting go on",
    lowest=0,
)
DEFAULT_QUOTA = Limit(
    "DEFAULT_QUOTA",
    0,
    Unit.OCTETS,
    "the quota of an account that is created without one; 0 is none",
    lowest=0,
    highest=1 << 49,
)
MESSAGE_SIZE = Limit(
    "MAX_MESSAGE_SIZE",
    128 << 20,
    Unit.OCTETS,
    "the largest message that is taken, by any protocol",
    lowest=64 << 10,
    highest=1 << 30,
)
MAILBOXES = Limit("MAX_MAILBOXES", 10_000, Unit.COUNT, "mailboxes of an account")
IDENTITIES = Limit("MAX_IDENTITIES", 100, Unit.COUNT, "identities of an account")
SUBSCRIPTIONS = Limit("MAX_SUBSCRIPTIONS", 10_000, Unit.COUNT, "subscriptions of an account")
COLLECTIONS = Limit(
    "MAX_COLLECTIONS", 1_000, Unit.COUNT, "calendars of an account, and as many address books"
)
RESOURCES = Limit(
    "MAX_RESOURCES", 1_000_000, Unit.COUNT, "events, tasks or cards of one calendar or address book"
)
RESOURCE_SIZE = Limit(
    "MAX_RESOURCE_SIZE",
    10 << 20,
    Unit.OCTETS,
    "the largest event, task or card that is taken",
    lowest=16 << 10,
    highest=64 << 20,
)
CALENDAR_HORIZON = Limit(
    "CALENDAR_HORIZON",
    400,
    Unit.DAYS,
    "how far ahead repetitions without an end are kept ready; what is asked for beyond takes longer",
    lowest=62,
    highest=36_500,
)
CALENDAR_INSTANCES = Limit(
    "MAX_INSTANCES",
    20_000,
    Unit.COUNT,
    "times that one event takes place up to that horizon",
    lowest=100,
    highest=1_000_000,
)
CALENDAR_FOUND = Limit(
    "MAX_OCCURRENCES_FOUND",
    1_000_000,
    Unit.COUNT,
    "times that events of calendars take place within what one query asks for",
)
CALENDAR_REPEATS = Limit(
    "MAX_REPEATS",
    1_000_000,
    Unit.COUNT,
    "times that all repeating events of an account take place up to that horizon",
    lowest=1_000,
)
CALENDAR_ATTENDEES = Limit(
    "MAX_ATTENDEES", 1_000, Unit.COUNT, "attendees of one event", lowest=10, highest=100_000
)
PHOTO_SIZE = Limit(
    "MAX_PHOTO_SIZE",
    256 << 10,
    Unit.OCTETS,
    "the photo of an account, which the directory shows",
    lowest=1 << 10,
    highest=4 << 20,
)
SOURCE_INTERVAL = Limit(
    "SOURCE_INTERVAL",
    3_600,
    Unit.SECONDS,
    "how often a subscribed calendar is fetched at most, and where nobody said how often",
    lowest=60,
    highest=30 * 86_400,
)
SOURCE_SIZE = Limit(
    "MAX_SOURCE_SIZE",
    32 << 20,
    Unit.OCTETS,
    "what the source of a subscribed calendar may have",
    lowest=64 << 10,
    highest=1 << 30,
)
SOURCE_TIMEOUT = Limit(
    "SOURCE_TIMEOUT",
    30,
    Unit.SECONDS,
    "how long the fetching of a subscribed calendar may take",
    highest=600,
)
KEYWORDS = Limit("MAX_KEYWORDS", 200, Unit.COUNT, "different keywords in a mailbox")
FREE_FAILURES = Limit(
    "LOGIN_FREE_FAILURES",
    10,
    Unit.COUNT,
    "failed logins of one account and network before each next one has to wait",
)
TOMBSTONE_DAYS = Limit(
    "TOMBSTONE_DAYS",
    90,
    Unit.DAYS,
    "how long removals are remembered for clients that are away; after it they compare everything",
    highest=36_500,
)
UNDELETE_DAYS = Limit(
    "UNDELETE_DAYS",
    14,
    Unit.DAYS,
    "how long an expunged message can be restored by `undelete`; 0 keeps none",
    lowest=0,
    highest=36_500,
)
RETENTION_RULES = Limit(
    "MAX_RETENTION_RULES",
    10_000,
    Unit.COUNT,
    "rules of retention that there are, of all mailboxes, accounts and domains",
    highest=1_000_000,
)
QUOTA_WARNING = Limit(
    "QUOTA_WARNING",
    80,
    Unit.PERCENT,
    "of its quota that an account's owner is warned at by mail; 0 is never",
    lowest=0,
    highest=100,
)
QUOTA_LAST_WARNING = Limit(
    "QUOTA_LAST_WARNING",
    95,
    Unit.PERCENT,
    "of its quota that an account's owner is warned at once more; 0 is never",
    lowest=0,
    highest=100,
)
SEARCH_TEXT = Limit(
    "MAX_SEARCH_TEXT",
    4 << 20,
    Unit.OCTETS,
    "text of one message that the search index keeps; of a longer one each search reads the message",
    lowest=0,
    highest=32 << 20,
)
SENDING_MESSAGES = Limit(
    "SENDING_MAX_MESSAGES",
    1_000,
    Unit.COUNT,
    "messages that an account may send within an hour",
)
SENDING_RECIPIENTS = Limit(
    "SENDING_MAX_RECIPIENTS",
    5_000,
    Unit.COUNT,
    "recipients, of all messages together, to whom an account may send within an hour",
)
SENT_COPY_WINDOW = Limit(
    "SENT_COPY_WINDOW",
    6 * 3_600,
    Unit.SECONDS,
    "for how long a program's own copy of a sent message takes the place of the server's in Sent",
    lowest=60,
    highest=30 * 86_400,
)
FULL_MAILBOX_DAYS = Limit(
    "FULL_MAILBOX_DAYS",
    2,
    Unit.DAYS,
    "how long a message that was taken waits for room in a full mailbox before its sender is told",
    lowest=0,
    highest=30,
)
LMTP_CONNECTIONS = Limit(
    "LMTP_MAX_CONNECTIONS", 200, Unit.COUNT, "LMTP connections of one process at once"
)
LMTP_RECIPIENTS = Limit(
    "LMTP_MAX_RECIPIENTS", 1_000, Unit.COUNT, "recipients of one message over LMTP", lowest=100
)
LMTP_ERRORS = Limit(
    "LMTP_MAX_ERRORS", 50, Unit.COUNT, "refused commands after which LMTP closes the connection"
)
LMTP_READ_TIMEOUT = Limit(
    "LMTP_READ_TIMEOUT", 300, Unit.SECONDS, "silence after which LMTP closes the connection"
)
LMTP_WRITE_TIMEOUT = Limit(
    "LMTP_WRITE_TIMEOUT", 60, Unit.SECONDS, "how long an LMTP peer may leave replies unread"
)
LMTP_LINE = Limit(
    "LMTP_MAX_LINE", 1 << 20, Unit.OCTETS, "a line of a message over LMTP", lowest=1_000
)
LMTP_UPLOADING = Limit(
    "LMTP_MAX_UPLOADING",
    512 << 20,
    Unit.OCTETS,
    "memory of one process for messages that are coming in over LMTP; the others wait",
    lowest=1 << 20,
)
IMAP_CONNECTIONS = Limit(
    "IMAP_MAX_CONNECTIONS", 10_000, Unit.COUNT, "IMAP connections of one process at once"
)
IMAP_CONNECTIONS_BEFORE_LOGIN = Limit(
    "IMAP_MAX_CONNECTIONS_BEFORE_LOGIN",
    512,
    Unit.COUNT,
    "IMAP connections of one process that have not logged in",
)
IMAP_SESSIONS = Limit(
    "IMAP_MAX_SESSIONS", 200, Unit.COUNT, "IMAP sessions of one account in one process"
)
IMAP_FAILED_LOGINS = Limit(
    "IMAP_MAX_FAILED_LOGINS", 10, Unit.COUNT, "failed logins after which IMAP says BYE"
)
IMAP_BAD_COMMANDS = Limit(
    "IMAP_MAX_BAD_COMMANDS", 20, Unit.COUNT, "bad commands in a row after which IMAP says BYE"
)
IMAP_LINE = Limit(
    "IMAP_MAX_LINE", 64 << 10, Unit.OCTETS, "a command line of IMAP after login", lowest=8 << 10
)
IMAP_LITERAL = Limit(
    "IMAP_MAX_LITERAL",
    64 << 10,
    Unit.OCTETS,
    "a literal of IMAP that is not a message, after login",
    lowest=1 << 10,
)
IMAP_APPEND = Limit(
    "IMAP_MAX_APPEND",
    256 << 20,
    Unit.OCTETS,
    "what the messages of one IMAP APPEND may have together; one alone is bound by its own limit",
    lowest=1 << 20,
)
IMAP_APPEND_MESSAGES = Limit(
    "IMAP_MAX_APPEND_MESSAGES", 1_000, Unit.COUNT, "messages of one IMAP APPEND"
)
IMAP_UPLOADING = Limit(
    "IMAP_MAX_UPLOADING",
    512 << 20,
    Unit.OCTETS,
    "memory of one process for messages that are being appended; the others wait",
    lowest=1 << 20,
)
IMAP_LOGIN_TIMEOUT = Limit(
    "IMAP_LOGIN_TIMEOUT", 60, Unit.SECONDS, "time from an IMAP connection to its login"
)
IMAP_IDLE_TIMEOUT = Limit(
    "IMAP_IDLE_TIMEOUT",
    30 * 60,
    Unit.SECONDS,
    "silence after which IMAP says BYE (RFC 3501 §5.4: at least half an hour)",
)
IMAP_COMMAND_TIMEOUT = Limit(
    "IMAP_COMMAND_TIMEOUT", 5 * 60, Unit.SECONDS, "silence in the middle of an IMAP command"
)
IMAP_WRITE_TIMEOUT = Limit(
    "IMAP_WRITE_TIMEOUT", 120, Unit.SECONDS, "how long an IMAP client may take nothing"
)
IMAP_MEMORY = Limit(
    "IMAP_MEMORY",
    64 * 1024**2,
    Unit.OCTETS,
    "what an IMAP process keeps of mailboxes to sort and thread them again, about 1 KB a message",
    lowest=0,
)
IMAP_SAVED_RESULT = Limit(
    "IMAP_MAX_SAVED_RESULT",
    1_000_000,
    Unit.COUNT,
    "messages of a search result that an IMAP session keeps for `$`, four octets each",
)

LIMITS: tuple[Limit, ...] = tuple(held for held in list(globals().values()) if type(held) is Limit)
