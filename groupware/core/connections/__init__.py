"""Connections that wait for commands: accepting, TLS, time-outs, back-pressure, the way down.

A connection that waits costs no task and no timer of its own: octets wake a task that works them
off and ends, and one sweep a second looks after all time-outs. What is said is the protocols'.
"""

from groupware.core.connections.bounds import ConnectionLimits
from groupware.core.connections.client import ClientConnection
from groupware.core.connections.server import ConnectionServer

__all__ = ["ClientConnection", "ConnectionLimits", "ConnectionServer"]
