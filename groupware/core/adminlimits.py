"""The limits of administration: rows of the table of `groupware.core.limits`, where they are asked for."""

from groupware.core.limit import Limit, Unit

AUDIT_DAYS = Limit(
    "AUDIT_DAYS",
    400,
    Unit.DAYS,
    "how long the audit log keeps what was done to the directory, and by whom",
    highest=36_500,
)
INVITATION_DAYS = Limit(
    "INVITATION_DAYS",
    7,
    Unit.DAYS,
    "days for which the link of an invitation lets a person choose a password",
    highest=90,
)
EXPORT_DAYS = Limit(
    "EXPORT_DAYS", 14, Unit.DAYS, "days for which the file of an export is kept", highest=365
)
EXPORTS = Limit(
    "MAX_EXPORTS", 3, Unit.COUNT, "exports of one account that are kept at once", highest=100
)
GRACE_DAYS = Limit(
    "GRACE_DAYS",
    30,
    Unit.DAYS,
    "days after which an account is deleted that somebody leaves, where nothing else is said",
    lowest=0,
    highest=3_650,
)
HEALTH_TIMEOUT = Limit(
    "HEALTH_TIMEOUT",
    500,
    Unit.MILLISECONDS,
    "how long all parts of the server may take together to say how they are; what does not is slow",
    lowest=50,
    highest=10_000,
)
ACCOUNT_FILE_SIZE = Limit(
    "ACCOUNT_FILE_SIZE",
    4 << 20,
    Unit.OCTETS,
    "octets of a file of accounts (CSV) that is imported",
    highest=64 << 20,
)
ACCOUNT_FILE_ROWS = Limit(
    "ACCOUNT_FILE_ROWS",
    10_000,
    Unit.COUNT,
    "rows of a file of accounts (CSV) that is imported",
    highest=100_000,
)
ACCOUNT_IMPORT_DAYS = Limit(
    "ACCOUNT_IMPORT_DAYS",
    7,
    Unit.DAYS,
    "days for which an import of accounts is kept: its preview, and the passwords that nobody loaded",
    highest=90,
)
