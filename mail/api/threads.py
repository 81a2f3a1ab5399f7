"""Conversations of a mailbox over REST."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from groupware.rest.changes import expired
from groupware.rest.pagination import Page, Window, page_of
from groupware.rest.views import ListView
from mail.api.finding import get_readable
from mail.api.messages import state_of
from mail.api.showing import MessageSummarySerializer, show_summary
from mail.flagrows import list_unseen
from mail.listing import LISTED, ThreadRow, list_thread_uids, list_threads, read_messages
from mail.objectids import thread_id
from mail.places import Place


class ThreadSerializer(serializers.Serializer[Any]):
    """A conversation, as far as it lies in one mailbox."""

    id = serializers.CharField(help_text="What `thread` of a list of messages takes.")
    messages = serializers.IntegerField()
    unseen = serializers.IntegerField()
    last = MessageSummarySerializer(help_text="The message that came last.")


@extend_schema_view(
    get=extend_schema(operation_id="list_threads", summary="List the conversations of a mailbox")
)
class ThreadList(ListView[dict[str, Any]]):
    """The conversations of a mailbox, the one with the newest message first."""

    tag = "Messages"
    scopes: ClassVar[Mapping[str, str]] = {"GET": "mail:read"}
    item_class = ThreadSerializer
    cursor_key = (int,)

    def list_page(
        self,
        window: Window,
        filters: Mapping[str, Any],  # noqa: ARG002 (there are none)
    ) -> Page[dict[str, Any]]:
        """Return a page."""
        place = get_readable(self.account_id, self.kwargs["mailbox_id"])
        below = window.after[0] if window.after else 0
        rows = list_threads(place.info.collection_id, below_uid=below, limit=window.limit + 1)
        state = window.state or state_of("threads", place).text()
        page = page_of(rows, window, lambda row: (row.last_uid,), state)
        return Page(_show(place, page.items), page.state, page.next)

    def list_changes(
        self,
        since: str,
        limit: int,  # noqa: ARG002 (nothing is told in pieces)
        filters: Mapping[str, Any],  # noqa: ARG002
    ) -> Page[dict[str, Any]]:
        """Tell that nothing changed; what did is told of messages: of threads, list anew."""
        place = get_readable(self.account_id, self.kwargs["mailbox_id"])
        now = state_of("threads", place)
        if now.read(since).points != now.points:
            expired()
        return Page([], now.text())


def _show(place: Place, rows: Sequence[ThreadRow]) -> list[dict[str, Any]]:
    if not rows:
        return []
    collection_id, reader_id = place.info.collection_id, place.reader_id
    threads = dict(list_thread_uids(collection_id, [row.thread_id for row in rows]))
    unseen = Counter(
        threads[uid] for uid in list_unseen(collection_id, threads, reader_id=reader_id)
    )
    uids = [row.last_uid for row in rows]
    last = read_messages(collection_id, uids, LISTED, reader_id=reader_id)
    return [
        {
            "id": thread_id(row.thread_id).decode(),
            "messages": row.messages,
            "unseen": unseen[row.thread_id],
            "last": show_summary(place, message),
        }
        for row, message in zip(rows, last, strict=True)
    ]
