"""A FETCH of what senders can make large: bounded memory, and nothing of it in the event loop."""

from collections.abc import Sequence

import pytest

from groupware.core.models import Account
from mail.imap import fetching, fetchplan
from mail.imap.fetching import Batch, read_batch
from mail.imap.fetchitems import Attribute, Binary, FetchItem, Section, SectionText
from mail.imap.fetchplan import plan_fetch
from mail.imap.view import MailboxView
from mail.services.content import prepare_message
from mail.spans import Span
from tests.services.mail.test_fetch import octets_of, open_view
from tests.services.store import append, message_of

ENVELOPE_OCTETS = 2_000


def fetch_all(
    view: MailboxView, *items: FetchItem, changed_since: int | None = None
) -> list[Batch]:
    plan = plan_fetch(items, by_uid=True, changed_since=changed_since, sets_seen=False)
    batches = [read_batch(view, plan, [(1, 1_000)], 0)]
    while not batches[-1].is_last:
        batches.append(read_batch(view, plan, [(1, 1_000)], batches[-1].last_uid))
    return batches


@pytest.mark.django_db
@pytest.mark.parametrize("changed_since", [None, 1])
@pytest.mark.parametrize(
    "items",
    [
        pytest.param([Attribute.ENVELOPE], id="by column"),
        pytest.param([Attribute.ENVELOPE, Section(partial=(0, 9), peek=True)], id="by row"),
    ],
)
def test_a_batch_ends_where_envelopes_are_large(
    ann: Account,
    items: Sequence[FetchItem],
    changed_since: int | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    subject = b"Subject: " + b"x" * ENVELOPE_OCTETS + b"\r\n"
    for number in range(50):
        append(ann, data=prepare_message((subject if number > 1 else b"") + message_of(100)))
    view = open_view(ann)
    whole = fetch_all(view, *items, changed_since=changed_since)
    monkeypatch.setattr(fetching, "BATCH_OCTETS", 3 * ENVELOPE_OCTETS)
    cut = fetch_all(view, *items, changed_since=changed_since)
    assert [batch.count for batch in whole] == [50]
    assert sum(batch.count for batch in cut) == 50
    assert max(batch.count for batch in cut) == 5  # of which two are small
    assert octets_of(cut) == octets_of(whole)


@pytest.mark.django_db
def test_many_cuts_of_one_message_are_not_all_in_memory(
    ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(ann, data=prepare_message(message_of(1_000)))
    monkeypatch.setattr(fetching, "BATCH_OCTETS", 5_000)
    cuts = [Section(partial=(start, 1_000), peek=True) for start in range(100)]
    batch, *_ = fetch_all(open_view(ann), *cuts)
    assert batch.count == 1
    assert sum(isinstance(chunk, Span) for chunk in batch.chunks) > 90
    assert len(octets_of([batch])) < 15_000


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(
            Section(text=SectionText.HEADER_FIELDS, fields=(b"x-own",), peek=True), id="a header"
        ),
        pytest.param(Binary((1,), peek=True), id="a decoded part"),
        pytest.param(Attribute.BODY, id="a structure without extensions"),
    ],
)
def test_what_takes_long_is_not_read_in_the_event_loop(item: FetchItem) -> None:
    plan = plan_fetch([item], by_uid=True, changed_since=None, sets_seen=False)
    assert not plan.is_light


def test_few_sections_are_read_in_the_event_loop_and_many_are_not() -> None:
    few = [Section((number,), peek=True) for number in range(1, fetchplan.LIGHT_SECTIONS + 1)]
    usual = Section(text=SectionText.HEADER_FIELDS, fields=(b"subject", b"from"), peek=True)
    for items, is_light in ((few, True), ([*few, Section()], False), ([usual, Section()], True)):
        plan = plan_fetch(items, by_uid=True, changed_since=None, sets_seen=True)
        assert plan.is_light is is_light
