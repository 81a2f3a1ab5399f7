"""The limits of the OAuth server: rows of the table of `groupware.core.limits`."""

from groupware.core.limit import Limit, Unit

OAUTH_CODE_LIFETIME = Limit(
    "OAUTH_CODE_LIFETIME",
    60,
    Unit.SECONDS,
    "how long an application has to exchange a code for tokens",
    lowest=10,
    highest=600,
)
OAUTH_ACCESS_LIFETIME = Limit(
    "OAUTH_ACCESS_LIFETIME",
    3_600,
    Unit.SECONDS,
    "how long an access token is good; sessions that it opened end with it",
    lowest=60,
    highest=86_400,
)
OAUTH_REFRESH_LIFETIME = Limit(
    "OAUTH_REFRESH_LIFETIME",
    90,
    Unit.DAYS,
    "how long an application may stay away before it must ask the person again",
    highest=3_650,
)
OAUTH_APPLICATIONS = Limit(
    "MAX_OAUTH_APPLICATIONS", 1_000, Unit.COUNT, "applications that may ask people for tokens"
)
OAUTH_AUTHORIZATIONS = Limit(
    "MAX_OAUTH_AUTHORIZATIONS",
    100,
    Unit.COUNT,
    "sign-ins of applications that an account has at once; one more ends the oldest",
)
