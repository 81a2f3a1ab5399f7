"""FETCH BINARY of large parts: streamed as the standard library decodes them, sizes known ahead."""

import base64
import quopri
import random
from email import message_from_bytes, policy

import pytest

from groupware.core.models import Account
from mail import queries
from mail.imap.binary import Decoded, readers_of
from mail.imap.fetching import read_batch
from mail.imap.fetchitems import Binary
from mail.imap.fetchplan import plan_fetch
from mail.imap.view import Identity, MailboxView
from mail.services.content import prepare_message
from mail.spans import Span
from tests.services.store import append, mailbox

pytestmark = pytest.mark.django_db

RANDOM = random.Random(1)  # the same octets in every run
NOISE = RANDOM.randbytes(700_000)
TEXT = ("Zoë wrote 1 = 1 at noon. " * 4 + "\r\n").encode() * 5_000
BODIES = {
    "base64": base64.encodebytes(NOISE),
    "quoted-printable": quopri.encodestring(TEXT),
    "8bit": TEXT,
    "binary": NOISE,
}
CUTS = [(0, 10), (65_530, 20), (300_000, 262_144), (699_999, 100), (10**9, 5)]


def answer(ann: Account, *items: Binary) -> bytes:
    """Return the response to a FETCH of message 1 as the client would see it."""
    info = mailbox(ann)
    identity = Identity(ann.pk, info.collection_id, "INBOX", info.uid_validity, read_only=True)
    view = MailboxView(identity, [1], info.uid_next, info.highest_modseq)
    plan = plan_fetch(items, by_uid=False, changed_since=None, sets_seen=False)
    told = b""
    for chunk in read_batch(view, plan, [(1, 1)], 0).chunks:
        if isinstance(chunk, bytes):
            told += chunk
        else:
            assert isinstance(chunk, Span | Decoded)
            told += b"".join(read() for read in readers_of(chunk))
    return told


def literal(data: bytes) -> bytes:
    return b"%s{%d}\r\n" % (b"~" if b"\0" in data else b"", len(data)) + data


@pytest.mark.parametrize("encoding", BODIES)
def test_a_part_is_told_as_the_standard_library_decodes_it(ann: Account, encoding: str) -> None:
    head = f"Subject: large\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    data = head + BODIES[encoding]
    append(ann, data=prepare_message(data))
    assert queries.get_mailbox(ann.pk, "INBOX").items == 1
    expected = message_from_bytes(data, policy=policy.default).get_payload(decode=True)
    assert isinstance(expected, bytes)
    assert answer(ann, Binary((1,))) == b"* 1 FETCH (BINARY[1] " + literal(expected) + b")\r\n"
    size = answer(ann, Binary((1,), peek=True, size=True))
    assert size == b"* 1 FETCH (BINARY.SIZE[1] %d)\r\n" % len(expected)
    for offset, count in CUTS:
        cut = literal(expected[offset : offset + count])
        told = answer(ann, Binary((1,), partial=(offset, count)))
        assert told == b"* 1 FETCH (BINARY[1]<%d> " % offset + cut + b")\r\n"


def test_a_large_message_is_told_as_it_is_nul_included(ann: Account) -> None:
    data = b"Subject: large\r\nContent-Transfer-Encoding: base64\r\n\r\n" + NOISE
    append(ann, data=prepare_message(data), prefix=b"Return-Path: <x@y.example>\r\n")
    whole = b"Return-Path: <x@y.example>\r\n" + data
    assert answer(ann, Binary()) == b"* 1 FETCH (BINARY[] " + literal(whole) + b")\r\n"
    for offset, count in CUTS:
        cut = literal(whole[offset : offset + count])
        told = answer(ann, Binary(partial=(offset, count)))
        assert told == b"* 1 FETCH (BINARY[]<%d> " % offset + cut + b")\r\n"
