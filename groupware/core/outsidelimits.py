"""The limits of outside mailboxes: rows of the table of `groupware.core.limits`."""

from groupware.core.limit import Limit, Unit

OUTSIDE_ACCOUNTS = Limit(
    "OUTSIDE_MAX_ACCOUNTS",
    20,
    Unit.COUNT,
    "outside accounts whose mail an account gets, and as many addresses elsewhere as which it sends",
)
OUTSIDE_MAILBOXES = Limit(
    "OUTSIDE_MAX_MAILBOXES", 200, Unit.COUNT, "mailboxes of one outside account that are fetched"
)
OUTSIDE_MESSAGES = Limit(
    "OUTSIDE_MAX_MESSAGES",
    200_000,
    Unit.COUNT,
    "messages in an outside mailbox over POP3; some 200 octets of memory each",
)
OUTSIDE_INTERVAL = Limit(
    "OUTSIDE_INTERVAL",
    300,
    Unit.SECONDS,
    "how often an outside account is fetched at most, and where nobody said how often",
    lowest=60,
    highest=30 * 86_400,
)
OUTSIDE_ROUND = Limit(
    "OUTSIDE_ROUND",
    60,
    Unit.SECONDS,
    "how long one outside account is fetched before the others have their turn; then it goes on",
    highest=3_600,
)
OUTSIDE_TIMEOUT = Limit(
    "OUTSIDE_TIMEOUT",
    60,
    Unit.SECONDS,
    "silence of an outside server; its answers have as long, beside 64 KB a second of what they hold",
    highest=600,
)
OUTSIDE_LOGINS = Limit(
    "OUTSIDE_MAX_REFUSALS",
    3,
    Unit.COUNT,
    "refused logins after which an outside account is not fetched until its password is set anew",
    highest=100,
)
