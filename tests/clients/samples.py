"""Messages that the clients handle."""

PLAIN = (
    b"From: Zo\xc3\xab <zoe@sender.example>\r\n"
    b"To: team@example.test\r\n"
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=\r\n"
    b"Date: Mon, 02 Mar 2026 09:30:00 +0100\r\n"
    b"Message-ID: <one@sender.example>\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n"
    b"\r\n"
    b"Gr\xc3\xbc\xc3\x9fe.\r\nThe second line.\r\n"
)
MIXED = (
    b"From: anna@sender.example\r\n"
    b"To: team@example.test\r\n"
    b"Subject: Report\r\n"
    b"Message-ID: <two@sender.example>\r\n"
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="cut"\r\n'
    b"\r\n"
    b"Preamble.\r\n"
    b"--cut\r\n"
    b"Content-Type: text/plain\r\n"
    b"\r\n"
    b"See the attachment.\r\n"
    b"--cut\r\n"
    b"Content-Type: application/pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\n"
    b'Content-Disposition: attachment; filename="report.pdf"\r\n'
    b"\r\n"
    b"JVBERi0xLjQK\r\n"
    b"--cut--\r\n"
)


def numbered(number: int) -> bytes:
    """Return a small message with a subject of its own."""
    return (
        b"From: anna@sender.example\r\nSubject: Number %d\r\nMessage-ID: <n%d@sender.example>\r\n"
        b"\r\nThis is message %d.\r\n" % (number, number, number)
    )
