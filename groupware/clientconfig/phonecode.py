"""The code that Thunderbird for Android takes an account from: "Import from Thunderbird desktop".

Thunderbird "Export for Mobile" QR code format, version 1: JSON in arrays, each place with a meaning.
"""

import json
from typing import Final

from groupware.clientconfig.servers import Server, Servers

_VERSION: Final = 1
_ONE_OF_ONE: Final = (1, 1)
_IMAP: Final = 0
_SMTP: Final = 0
_STARTTLS, _TLS = 2, 3
_CLEARTEXT: Final = 1
"""The password as it is, inside TLS."""


def render(address: str, name: str, password: str, servers: Servers) -> str | None:
    """Return the text of the code; None where mail is not both read and sent here.

    The account is read by IMAP; `password` is one of a program, never the person's own.
    """
    if servers.imap is None or servers.smtp is None:
        return None
    incoming = [_IMAP, *_server(servers.imap), address, address, password]
    outgoing = [_SMTP, *_server(servers.smtp), address, password]
    identity = [address, name or address]
    parts = [_VERSION, _ONE_OF_ONE, incoming, [[outgoing, identity]]]
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def _server(server: Server) -> tuple[str, int, int, int]:
    return server.host, server.port, _TLS if server.is_tls else _STARTTLS, _CLEARTEXT
