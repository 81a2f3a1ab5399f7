"""An SMTP server elsewhere that takes mail of who logs in: whether it does."""

import contextlib
import smtplib
import socket
from typing import BinaryIO

from django.conf import settings

from mail.outside.servers import (
    STARTTLS,
    Line,
    LoginRefused,
    OutsideFailed,
    Server,
    TooMuch,
    client_context,
    said,
)

MAX_REPLY = 64 << 10
"""Octets of one reply."""


class _Bounded:
    """A file of which so much may be read."""

    def __init__(self, file: BinaryIO, host: str) -> None:
        self._file = file
        self._host = host
        self.left = MAX_REPLY

    def readline(self, size: int) -> bytes:
        """Read a line."""
        line = self._file.readline(size)
        self.left -= len(line)
        if self.left < 0:
            raise TooMuch("{host} sends more than was asked for.", host=self._host)
        return line

    def close(self) -> None:
        """Close it."""
        self._file.close()


class _Connection(smtplib.SMTP):
    """smtplib on a connection that stands; a reply may have so many lines."""

    def __init__(self, sock: socket.socket, host: str) -> None:
        self._given = sock
        super().__init__(local_hostname=settings.GROUPWARE_DOMAIN)
        self._host = host  # of which the certificate must be

    def _get_socket(self, *_where: object) -> socket.socket:
        return self._given

    def getreply(self) -> tuple[int, bytes]:
        """Read a reply."""
        if self.file is None and self.sock is not None:
            self.file = _Bounded(self.sock.makefile("rb"), self._host)
        if self.file is not None:
            self.file.left = MAX_REPLY
        return super().getreply()


def check_smtp(server: Server) -> None:
    """Log in and leave; raises `OutsideFailed`, `LoginRefused`."""
    with contextlib.closing(Line(server)) as line, line.command():
        smtp = _Connection(line.begin(), server.host)
        with contextlib.closing(smtp):
            smtp.connect(server.host)
            smtp.ehlo()
            _log_in(smtp, server)
            smtp.quit()


def _log_in(smtp: _Connection, server: Server) -> None:
    if server.tls == STARTTLS:
        try:
            smtp.starttls(context=client_context())
        except smtplib.SMTPNotSupportedError as error:
            raise OutsideFailed(
                "{host} offers no STARTTLS: nothing was sent to it.", host=server.host
            ) from error
        smtp.ehlo()
    try:
        smtp.login(server.user, server.password)
    except smtplib.SMTPAuthenticationError as error:
        raise LoginRefused(
            "{host} refuses the login: {answer}", host=server.host, answer=said(error)
        ) from error
