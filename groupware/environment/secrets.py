"""Showing what a variable was given without the secrets in it. Pure."""

import re

HIDDEN = "…"
_SECRET = frozenset({"PASSWORD", "SECRET", "KEY"})
_FILES = frozenset({"TLS_KEY"})
# Greedy: whatever stands before the last @ may be of a password that was written as it is.
_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?:.*@)?(?P<rest>.*)", re.IGNORECASE | re.DOTALL
)
_PLAIN_QUERY = re.compile(r"tls=[a-z]+")


def without_secret(name: str, value: str) -> str:
    """Return a value as it may be shown: of a password nothing, of a URL no user, password or query."""
    if not value:
        return ""
    if name.rpartition("_")[2] in _SECRET and name not in _FILES:
        return HIDDEN
    found = _URL.fullmatch(value)
    if found is None:
        return value
    place, question, query = found["rest"].partition("?")
    kept = query if not query or _PLAIN_QUERY.fullmatch(query) else HIDDEN
    login = f"{HIDDEN}@" if "@" in value else ""
    return f"{found['scheme']}{login}{place}{question}{kept}"
