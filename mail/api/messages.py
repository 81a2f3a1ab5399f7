"""Messages over REST: lists of a mailbox, searches, and one message with its flags."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, ClassVar, Final

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.core.lost import list_lost
from groupware.rest.changes import Point, State, cut, digest, expired
from groupware.rest.errors import WrongFields
from groupware.rest.pagination import Page, Window, page_of
from groupware.rest.tokens import pack
from groupware.rest.views import ListView, PageQuery
from mail import flagrows, queries
from mail.api.finding import Message, actor_in, find_message, get_readable
from mail.api.flagging import FlagsSerializer, parse_names, require_settable
from mail.api.showing import (
    MessageSerializer,
    MessageSummarySerializer,
    OneMessage,
    message_id,
    show_summary,
)
from mail.listing import LISTED, get_past, list_newest, read_messages
from mail.objectids import parse_thread_id
from mail.places import Place
from mail.search.found import find_newest
from mail.search.keys import AndKey, SearchKey, ThreadIdKey
from mail.search.words import MAX_LENGTH, BadQuery, parse_words
from mail.services.flags import StoreOp, store_flags
from mail.services.messages import remove_messages

MAX_REMOVED: Final = 10_000
"""Removed messages that are told: of more, the list itself is the shorter answer."""


class MessageQuery(PageQuery):
    """Which messages of a mailbox."""

    q = serializers.CharField(
        required=False,
        max_length=MAX_LENGTH,
        help_text='A search, such as `from:anna subject:"annual report" before:2026-03-01'
        " -is:read (invoice OR receipt)`. Operators: from, to, cc, bcc, subject, list, body, text,"
        " before, on, since, larger, smaller, keyword, and is: read, unread, flagged, unflagged,"
        " answered, unanswered, draft, deleted. A page of a search may hold few messages, or none,"
        " and yet have a next one.",
    )
    thread = serializers.RegexField(
        r"^T[1-9a-f][0-9a-f]{0,15}$", required=False, help_text="Those of one conversation."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Read the search; what changed is told of whole mailboxes only."""
        keys: list[SearchKey] = []
        try:
            keys += [parse_words(attrs.pop("q"))] if "q" in attrs else []
        except BadQuery as error:
            raise serializers.ValidationError({"q": str(error)}) from error
        if "thread" in attrs:
            keys.append(ThreadIdKey(parse_thread_id(attrs.pop("thread").encode())))
        if keys and attrs["since"]:
            raise serializers.ValidationError({"since": "It is not for searches: leave q out."})
        return {**attrs, "key": AndKey(tuple(keys)) if keys else None}


def state_of(kind: str, place: Place) -> State:
    """Return the state of what is in a mailbox, as its reader sees it."""
    info = place.info
    epoch = get_past(info.collection_id).token_epoch
    scope = digest(kind, info.object_id, info.uid_validity, place.reader_id)
    return State(scope, {info.object_id: Point(epoch, info.highest_modseq)})


@extend_schema_view(
    get=extend_schema(operation_id="list_messages", summary="List or search a mailbox")
)
class MessageList(ListView[dict[str, Any]]):
    """The messages of a mailbox, the newest first."""

    tag = "Messages"
    scopes: ClassVar[Mapping[str, str]] = {"GET": "mail:read"}
    query = MessageQuery
    item_class = MessageSummarySerializer
    cursor_key = (int,)

    def list_page(self, window: Window, filters: Mapping[str, Any]) -> Page[dict[str, Any]]:
        """Return a page, or what a search finds next. Hot: benchmarks/api."""
        place = get_readable(self.account_id, self.kwargs["mailbox_id"])
        below = window.after[0] if window.after else 0
        state = window.state or state_of("messages", place).text()
        key, collection_id = filters["key"], place.info.collection_id
        if key is None:
            uids = list_newest(collection_id, below_uid=below, limit=window.limit + 1)
            page = page_of(uids, window, lambda uid: (uid,), state)
            return Page(self._show(place, page.items), page.state, page.next)
        found = find_newest(
            collection_id, place.reader_id, key, below_uid=below, limit=window.limit
        )
        following = pack([[found.below_uid], state]) if found.below_uid else None
        return Page(self._show(place, found.uids), state, following)

    def list_changes(
        self,
        since: str,
        limit: int,
        filters: Mapping[str, Any],  # noqa: ARG002 (there are none)
    ) -> Page[dict[str, Any]]:
        """Return messages that came or whose flags changed, and ids of those gone."""
        place = get_readable(self.account_id, self.kwargs["mailbox_id"])
        now = state_of("messages", place)
        object_id, collection_id = place.info.object_id, place.info.collection_id
        reached, known = now.points[object_id], now.read(since).points[object_id]
        lost = list_lost(place.info.account_id)
        if known.modseq < get_past(collection_id).tombstone_floor or _is_in(known.modseq, lost):
            expired()
        before = known.modseq - (known.last_id is not None)
        rows = flagrows.list_changed_flags(collection_id, before, reader_id=place.reader_id)
        told, point = cut(rows, itemgetter(3, 0), known, reached, limit)
        items = self._show(place, sorted(row[0] for row in told))
        removed = self._list_removed(place, known.modseq)
        state = State(now.scope, {object_id: point}).text()
        return Page(items, state, removed=removed, more=point != reached)

    def _list_removed(self, place: Place, since: int) -> list[str]:
        info = place.info
        ranges = queries.list_vanished(info.collection_id, since, info.uid_next)
        if sum(last - first + 1 for first, last in ranges) > MAX_REMOVED:
            expired()
        uids = sorted({uid for first, last in ranges for uid in range(first, last + 1)})
        return [message_id(place, uid) for uid in uids]

    def _show(self, place: Place, uids: Sequence[int]) -> list[dict[str, Any]]:
        if not uids:
            return []
        rows = read_messages(place.info.collection_id, uids, LISTED, reader_id=place.reader_id)
        return [show_summary(place, row) for row in rows]


def _is_in(modseq: int, ranges: Sequence[tuple[int, int]]) -> bool:
    return any(first <= modseq <= last for first, last in ranges)


@extend_schema_view(
    get=extend_schema(
        operation_id="get_message", summary="Read a message", responses=MessageSerializer
    )
)
class MessageView(OneMessage):
    """One message in one mailbox."""

    tag = "Messages"
    scopes: ClassVar[Mapping[str, str]] = {
        "GET": "mail:read",
        "PATCH": "mail:write",
        "DELETE": "mail:write",
    }

    def find(self) -> Message:
        """Return the message of the URL."""
        return find_message(self.account_id, self.kwargs["message_id"])

    @extend_schema(
        operation_id="set_flags",
        summary="Set the flags of a message",
        request=FlagsSerializer,
        responses=MessageSerializer,
    )
    def patch(self, request: Request, message_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Let the message have these flags and no others; `actions` adds and removes some.

        What the rights on a shared mailbox do not reach stays as it is.
        """
        given = self.read(FlagsSerializer)
        if "flags" not in given:
            raise WrongFields({"/flags": "Name the flags that the message is to have."})
        mask, keywords = parse_names(given["flags"], "/flags")

        def store(found: Message) -> Message:
            actor = actor_in(found.place, self.account_id)
            require_settable(found.place, actor, mask, keywords)
            store_flags(
                found.place.info.account_id,
                found.place.info.collection_id,
                found.ranges,
                StoreOp.SET,
                mask,
                keywords,
                actor=actor,
                wants_rows=False,
            )
            return self.find()

        return self.change(store)

    @extend_schema(operation_id="delete_message", summary="Delete a message", responses={204: None})
    def delete(self, request: Request, message_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Delete the message for good; an administrator can restore it for a while.

        To put it into Trash, see `actions`.
        """

        def delete(found: Message) -> None:
            found.place.require("te")
            info = found.place.info
            remove_messages(info.account_id, info.collection_id, found.ranges, kept=True)

        return self.remove(delete)
