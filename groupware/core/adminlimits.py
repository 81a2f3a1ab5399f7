"""The limits of administration: rows of the table of `groupware.core.limits`, where they are asked for."""

from groupware.core.limit import Limit, Unit

AUDIT_DAYS = Limit(
    "AUDIT_DAYS",
    400,
    Unit.DAYS,
    "how long the audit log keeps what was done to the directory, and by whom",
    highest=36_500,
)
