"""Listening sockets, bound once by the supervisor and inherited by the processes of a role.

Several processes accept from one socket, so a port has any number of them.
"""

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

VARIABLE = "GROUPWARE_LISTEN_FDS"


@dataclass(frozen=True, slots=True)
class Listeners:
    """Sockets by the name of their port (imap, imaps, lmtp, …); a port that is off has none."""

    sockets: Mapping[str, list[socket.socket]] = field(default_factory=dict)

    @classmethod
    def inherited(cls) -> "Listeners":
        """Take over the file descriptors named in the environment, as JSON {name: [fd, …]}."""
        named: dict[str, list[int]] = json.loads(os.environ.get(VARIABLE, "{}"))
        return cls(
            {
                name.lower(): [socket.socket(fileno=descriptor) for descriptor in descriptors]
                for name, descriptors in named.items()
            }
        )

    def get(self, name: str) -> list[socket.socket]:
        """Return the sockets of one port."""
        return self.sockets.get(name, [])
