"""The limits of signing in, and of what is known of who did: rows of the table of `groupware.core.limits`, where they are asked for."""

from groupware.core.limit import Limit, Unit

SECOND_FACTOR_FAILURES = Limit(
    "SECOND_FACTOR_FREE_FAILURES",
    20,
    Unit.COUNT,
    "wrong codes of one account, from all networks together, before each next has to wait",
)
REAUTHENTICATION = Limit(
    "REAUTHENTICATION_AFTER",
    600,
    Unit.SECONDS,
    "how long after signing in a browser may change what opens the account; then it proves again",
    highest=86_400,
)
SIGN_IN_TIME = Limit(
    "SIGN_IN_TIMEOUT",
    600,
    Unit.SECONDS,
    "how long a sign-in may take from the password, or from the way to a provider, to its end",
    lowest=30,
    highest=3_600,
)
SIGN_INS = Limit(
    "MAX_SIGN_INS", 10_000, Unit.COUNT, "sign-ins of browsers that are begun and not ended, at once"
)
WEB_SESSIONS = Limit(
    "MAX_WEB_SESSIONS",
    100,
    Unit.COUNT,
    "browsers that an account is signed in with at once; one more ends the one unused longest",
)
WEB_SESSION_IDLE = Limit(
    "WEB_SESSION_IDLE",
    14,
    Unit.DAYS,
    "days without a request after which a browser is signed out",
    highest=365,
)
LDAP_TIMEOUT = Limit(
    "LDAP_TIMEOUT", 5, Unit.SECONDS, "how long an LDAP server may take for one answer", highest=60
)
OIDC_TIMEOUT = Limit(
    "OIDC_TIMEOUT",
    10,
    Unit.SECONDS,
    "how long an identity provider may take for one answer",
    highest=60,
)
DEVICES_DAYS = Limit(
    "DEVICES_DAYS",
    90,
    Unit.DAYS,
    "days after which a device that did not come back is forgotten, and logins are counted no more",
    highest=3_650,
)
DEVICES = Limit(
    "MAX_DEVICES",
    100,
    Unit.COUNT,
    "devices of one account that are known; one more forgets the one unseen longest",
    highest=10_000,
)
DEVICE_BEHIND = Limit(
    "DEVICE_MAX_BEHIND",
    1_000,
    Unit.COUNT,
    "changes up to which it is counted how far behind a device is",
    highest=100_000,
)
