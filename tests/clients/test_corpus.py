import ssl
from pathlib import Path

import pytest

from tests.clients.imap import append_exactly, count, done, literals, sign_in, sizes
from tests.clients.people import Person
from tests.serve.running import Running


@pytest.mark.corpus
@pytest.mark.slow
def test_mail_of_every_kind_comes_back_as_it_was_appended(
    corpus: Path, server: Running, tls: ssl.SSLContext, person: Person
) -> None:
    messages = {file.name: file.read_bytes() for file in sorted((corpus / "mail").glob("*.eml"))}
    assert messages
    with sign_in(server, tls, person) as client:
        for message in messages.values():
            append_exactly(client, message)
        assert done(client.select("INBOX", readonly=True)) == [b"%d" % len(messages)]
        bodies = literals(client.fetch("1:*", "(BODY.PEEK[])"))
        told = client.fetch("1:*", "(ENVELOPE BODYSTRUCTURE)")
        assert count(told, b"ENVELOPE (") == len(messages)
        assert sizes(client) == [len(body) for body in bodies]
    for (name, message), body in zip(messages.items(), bodies, strict=True):
        # RFC 3501 §4.3: a literal holds no NUL.
        assert body == message.replace(b"\0", b"\x80"), name
