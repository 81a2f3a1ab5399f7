"""What one crossing of a FETCH reads and keeps."""

from dataclasses import replace

import pytest

from groupware.core.models import Account
from mail import queries
from mail.imap import fetching
from mail.imap.fetching import INLINE_WHOLE, Batch, Chunk, read_batch
from mail.imap.fetchitems import Section, SectionText
from mail.imap.fetchplan import plan_fetch
from mail.imap.view import Identity, MailboxView
from mail.mime.sections import filter_header_fields
from mail.services.content import prepare_message
from mail.spans import Span, read_chunk, size_of
from tests.services.store import append, mailbox, message_of, rows_of

pytestmark = pytest.mark.django_db


def open_view(account: Account) -> MailboxView:
    info = mailbox(account)
    uids = queries.get_snapshot(account.pk, info.collection_id).uids
    identity = Identity(
        account.pk, info.collection_id, info.name, info.uid_validity, read_only=True
    )
    return MailboxView(identity, uids, info.uid_next, info.highest_modseq)


def fetch_all(view: MailboxView, section: Section) -> list[Batch]:
    plan = plan_fetch([section], by_uid=True, changed_since=None, sets_seen=False)
    batches = [read_batch(view, plan, [(1, 1_000)], 0)]
    while not batches[-1].is_last:
        batches.append(read_batch(view, plan, [(1, 1_000)], batches[-1].last_uid))
    return batches


def octets_of(batches: list[Batch]) -> bytes:
    chunks = [chunk for batch in batches for chunk in batch.chunks]
    return b"".join(chunk for chunk in chunks if isinstance(chunk, bytes))


@pytest.mark.parametrize(
    "section",
    [
        pytest.param(Section(), id="body"),
        pytest.param(
            Section(text=SectionText.HEADER_FIELDS_NOT, fields=(b"x-none",)), id="filtered header"
        ),
    ],
)
def test_a_batch_ends_when_it_holds_much(
    ann: Account, section: Section, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        append(ann, data=prepare_message(b"X-Long: " + b"x" * 1_000 + b"\r\n" + message_of(500)))
    view = open_view(ann)
    whole = fetch_all(view, section)
    monkeypatch.setattr(fetching, "BATCH_OCTETS", 1_600)
    cut = fetch_all(view, section)
    assert [batch.count for batch in whole] == [5]
    assert [batch.count for batch in cut] == [2, 2, 1]
    assert octets_of(cut) == octets_of(whole)


def test_of_a_huge_header_the_row_keeps_the_first_fields(ann: Account) -> None:
    header = b"".join(b"To: %06d@outside.test\r\n" % number for number in range(20_000))
    append(ann, data=prepare_message(header + b"\r\n"))
    [(listed,)] = rows_of(ann, "INBOX", "header_fields")
    assert 250_000 < len(listed) < 270_000
    assert bytes(listed).startswith(header[:200_000])


def test_large_messages_keep_their_place_among_usual_ones(ann: Account) -> None:
    sizes = [500, 3_000, 400, 300, 5_000, 6_000]
    messages = [message_of(size) for size in sizes]
    for message in messages:
        append(ann, data=prepare_message(message))
    plan = plan_fetch([Section(peek=True)], by_uid=True, changed_since=None, sets_seen=False)
    batch = read_batch(open_view(ann), plan, [(1, 10)], 0, inline=2_000)
    told = b"".join(
        b"* %d FETCH (UID %d BODY[] {%d}\r\n%b)\r\n" % (number, number, len(message), message)
        for number, message in enumerate(messages, start=1)
    )
    assert b"".join(map(_read, batch.chunks)) == told
    assert (batch.count, batch.last_uid, batch.is_last) == (6, 6, True)


def _read(chunk: Chunk) -> bytes:
    assert isinstance(chunk, bytes | Span)
    return read_chunk(chunk)


def test_a_message_of_many_frames_is_left_to_be_streamed(ann: Account) -> None:
    append(ann, data=prepare_message(message_of(500)))
    append(ann, data=prepare_message(message_of(INLINE_WHOLE + 1)))
    append(ann, data=prepare_message(message_of(INLINE_WHOLE)))
    plan = plan_fetch([Section(peek=True)], by_uid=True, changed_since=None, sets_seen=False)
    batch = read_batch(open_view(ann), plan, [(1, 10)], 0)
    spans = [chunk for chunk in batch.chunks if isinstance(chunk, Span)]
    assert [size_of(span) for span in spans] == [INLINE_WHOLE + 1]


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(
            b"Received: x\r\nDATE: now\r\nTo: a,\r\n b\r\nCc: c\r\nFrom : d\r\nsubject: e\r\n",
            id="in its own order",
        ),
        pytest.param(b"X-Other: 1\r\n", id="none of them"),
        pytest.param(b"From: a\rSubject: b\nTo: \0\r\nDate: d\r\n", id="odd line ends and NUL"),
        pytest.param(b"", id="no header"),
    ],
)
@pytest.mark.parametrize("fields", [(b"From", b"TO", b"subject", b"Date"), (b"date", b"from")])
def test_the_kept_summary_is_what_the_header_says(
    ann: Account, header: bytes, fields: tuple[bytes, ...]
) -> None:
    append(ann, data=prepare_message(header + b"\r\nText\r\n"))
    section = Section(text=SectionText.HEADER_FIELDS, fields=fields, peek=True)
    wanted = filter_header_fields(header + b"\r\n", fields, negate=False).replace(b"\0", b"\x80")
    told = b"* 1 FETCH (UID 1 %b {%d}\r\n%b)\r\n" % (section.label(), len(wanted), wanted)
    assert octets_of(fetch_all(open_view(ann), section)) == told
    seen = replace(section, peek=False)
    plan = plan_fetch([seen], by_uid=True, changed_since=None, sets_seen=True)
    by_row = octets_of([read_batch(open_view(ann), plan, [(1, 1)], 0)])
    assert by_row.startswith(told.removesuffix(b")\r\n"))
