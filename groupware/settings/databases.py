"""Django's DATABASES from the database URL: the options of SQLite and of PostgreSQL."""

from pathlib import Path
from typing import Any

from groupware.environment import DatabaseUrl

SQLITE_BUSY_SECONDS = 20
# synchronous=FULL: a commit that was acknowledged survives the loss of power.
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    # A log that grew behind a long read does not keep its room on the disk.
    "PRAGMA journal_size_limit=16777216",
    "PRAGMA cache_size=-16384",
    "PRAGMA mmap_size=268435456",
    "PRAGMA temp_store=MEMORY",
)


def database_settings(url: DatabaseUrl, data: Path) -> dict[str, Any]:
    """Return the entry of DATABASES for `url`; tests on SQLite use a file in `data`."""
    common: dict[str, Any] = {
        "NAME": url.name,
        "ATOMIC_REQUESTS": False,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }
    if url.engine == "sqlite":
        return common | {
            "ENGINE": "django.db.backends.sqlite3",
            # Transactions stay DEFERRED: readers never wait; groupware.core.db opens the writes.
            "OPTIONS": {
                "timeout": SQLITE_BUSY_SECONDS,
                "init_command": ";".join(SQLITE_PRAGMAS),
            },
            # A file, not memory: WAL, snapshots and several processes exist only there.
            "TEST": {"NAME": str(data / "test.sqlite3")},
        }
    return common | {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": url.host,
        "PORT": url.port or "",
        "USER": url.user,
        "PASSWORD": url.password,
    }
