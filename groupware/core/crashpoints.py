"""Named points at which the crash tests kill the process.

`GROUPWARE_CRASH_AT=name` or `name:N` makes the process kill itself with SIGKILL when it
passes the point (for the Nth time). Unset, a point costs one comparison.
"""

import os
import signal

POINTS = frozenset(
    {
        "blob-written",
        "blob-synced",
        "before-commit",
        "after-commit",
        "move-copied",
        "move-removed",
        "collector-marked",
        "collector-unlinked",
        "account-created",
        "account-imported",
        "export-written",
        "notice-accepted",
        "retention-removed",
        "pop3-removed",
        "pop3-committed",
        "queue-leased",
        "queue-acknowledged",
        "queue-settled",
        "inbound-accepted",
        "inbound-delivered",
        "inbound-filed",
        "inbound-queued",
        "inbound-settled",
        "submission-filed",
    }
)

_name, _, _count = os.environ.get("GROUPWARE_CRASH_AT", "").partition(":")
_left = [int(_count or 1)]


def reach(point: str) -> None:
    """Die here if this is the chosen point."""
    if _name and point == _name:
        _left[0] -= 1
        if _left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
