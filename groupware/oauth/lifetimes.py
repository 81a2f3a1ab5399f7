"""How long tokens are good; the settings name this, so it knows nothing of models."""

from groupware.core import limits


def access_seconds(_request: object) -> int:
    """Return for how many seconds an access token that is given out now is good."""
    return int(limits.OAUTH_ACCESS_LIFETIME.value)
