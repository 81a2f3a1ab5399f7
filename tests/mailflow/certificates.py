"""Certificates for servers of tests, and how to trust one."""

import ssl
from pathlib import Path

from groupware.core.tls import ensure_certificate, new_server_context, own_certificate_files


def certificate_of(directory: Path, *names: str) -> tuple[Path, ssl.SSLContext]:
    """Return a certificate for names, and a server's context that shows it.

    Whoever has it in SSL_CERT_FILE trusts it.
    """
    ensure_certificate(directory, names)
    cert, key = own_certificate_files(directory)
    return cert, new_server_context(cert, key)
