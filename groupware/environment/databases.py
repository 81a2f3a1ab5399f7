"""Where the database is: GROUPWARE_DATABASE_URL. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from groupware.environment.errors import SettingsError


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """Where the database is; of PostgreSQL's parts None leaves the choice to libpq."""

    engine: str  # "sqlite" or "postgresql"
    name: str  # the file's path, or the database's name
    host: str = ""
    port: int | None = None
    user: str = ""
    password: str = ""


def read_database_url(value: str) -> DatabaseUrl:
    """Return what a URL whose scheme is known names; raises SettingsError."""
    return _sqlite_url(value) if value.startswith("sqlite://") else _postgresql_url(value)


def _sqlite_url(value: str) -> DatabaseUrl:
    path = unquote(value.removeprefix("sqlite://"))
    if not path.startswith("/") or path.endswith("/"):
        raise SettingsError(
            "GROUPWARE_DATABASE_URL: expected sqlite:///PATH with the absolute path of a file."
        )
    # Four slashes, as some write an absolute path, mean the same as three.
    return DatabaseUrl("sqlite", "/" + path.lstrip("/"))


def _postgresql_url(value: str) -> DatabaseUrl:
    parts = urlsplit(value)
    name = unquote(parts.path.removeprefix("/"))
    try:
        port = parts.port
    except ValueError:
        port = -1
    if not name or "/" in name or port == -1 or parts.query or parts.fragment:
        raise SettingsError(
            "GROUPWARE_DATABASE_URL: expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
        )
    return DatabaseUrl(
        engine="postgresql",
        name=name,
        host=unquote(_host_of(parts.netloc)),
        port=port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _host_of(netloc: str) -> str:
    """Return the host in its own case: one that begins with %2F is a Unix socket's directory."""
    return re.sub(r":[0-9]*\Z", "", netloc.rpartition("@")[2]).strip("[]")
