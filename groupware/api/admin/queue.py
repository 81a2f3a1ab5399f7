"""The outbound queue over REST: what waits for other servers, and what is done about it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.api.admin.base import AdminView
from groupware.core import db
from groupware.core.administration import Administrator
from groupware.core.errors import NotFound
from groupware.core.roles import Permission
from groupware.rest.changes import State, digest
from groupware.rest.pagination import Page, Window, page_of
from groupware.rest.views import ListView, PageQuery
from mail.services import queue
from mail.services.queue import QueueEntry, QueueFilter

MOST_AT_ONCE: Final = 200
"""Messages that one action names."""


class Shown(NamedTuple):
    """A recipient of a queued message as administrators are shown it."""

    id: int
    queue_id: int
    sender: str
    recipient: str
    destination: str
    size: int
    created_at: datetime
    expires_at: datetime
    attempts: int
    last_attempt_at: datetime | None
    next_attempt_at: datetime
    held: bool
    sending: bool
    code: int
    status: str
    reply: str
    host: str


class QueueEntrySerializer(serializers.Serializer[Shown]):
    """One recipient of a message that waits."""

    id = serializers.IntegerField()
    queue_id = serializers.IntegerField(help_text="Of the message, which may have several.")
    sender = serializers.CharField(help_text="Empty for a notification.")
    recipient = serializers.CharField()
    destination = serializers.CharField(help_text="The domain whose server takes it.")
    size = serializers.IntegerField(help_text="Octets.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="When it is returned to its sender.")
    attempts = serializers.IntegerField()
    last_attempt_at = serializers.DateTimeField(allow_null=True)
    next_attempt_at = serializers.DateTimeField()
    held = serializers.BooleanField(help_text="Not tried until it is released.")
    sending = serializers.BooleanField(help_text="Somebody speaks to its server now.")
    code = serializers.IntegerField(help_text="The reply's, of the last attempt; 0 for none.")
    status = serializers.CharField(help_text="The enhanced status code (RFC 3463).")
    reply = serializers.CharField()
    host = serializers.CharField(help_text="Who said so.")


class QueuedMessageSerializer(serializers.Serializer[Any]):
    """A message that waits, with each of its recipients."""

    queue_id = serializers.IntegerField()
    recipients = QueueEntrySerializer(many=True)


class QueueHeaderSerializer(serializers.Serializer[Any]):
    """The header of a message that waits."""

    header = serializers.CharField()


class QueueActionSerializer(serializers.Serializer[Any]):
    """What is to be done, and to what."""

    action = serializers.ChoiceField(["hold", "release", "retry", "drop"])
    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=1 << 60),
        allow_empty=False,
        max_length=MOST_AT_ONCE,
        help_text="Messages, by `queue_id`.",
    )
    notify = serializers.BooleanField(
        default=True, help_text="Of a drop: let the senders know (a notification each)."
    )


class QueueOutcomeSerializer(serializers.Serializer[Any]):
    """How much was done."""

    recipients = serializers.IntegerField()


class QueueQuery(PageQuery):
    """Which recipients."""

    destination = serializers.CharField(required=False, max_length=255)
    sender = serializers.CharField(required=False, max_length=320, help_text="Or a part of it.")
    recipient = serializers.CharField(required=False, max_length=320, help_text="Or a part of it.")
    held = serializers.BooleanField(required=False, allow_null=True, default=None)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def show(entry: QueueEntry) -> Shown:
    """Return what is shown of a recipient."""
    return Shown(
        id=entry.id,
        queue_id=entry.message_id,
        sender=entry.mail_from,
        recipient=entry.address,
        destination=entry.destination,
        size=entry.size,
        created_at=_moment(entry.created_at),
        expires_at=_moment(entry.expires_at),
        attempts=entry.attempts,
        last_attempt_at=_moment(entry.last_attempt_at) if entry.attempts else None,
        next_attempt_at=_moment(entry.next_attempt_at),
        held=entry.is_held,
        sending=entry.is_sending,
        code=entry.code,
        status=entry.status,
        reply=entry.reply,
        host=entry.host,
    )


def _wanted(by: Administrator, **wanted: Any) -> QueueFilter:
    return QueueFilter(domain_ids=by.reach(Permission.QUEUE).domain_ids, **wanted)


@extend_schema_view(
    get=extend_schema(operation_id="admin_list_queue", summary="List what waits to be sent")
)
class QueueList(AdminView, ListView[Shown]):
    """What an administrator's domains send. Whether anything changed is told by `since`, no more."""

    query = QueueQuery
    item_class = QueueEntrySerializer
    cursor_key = (int,)

    def list_page(self, window: Window, filters: Mapping[str, Any]) -> Page[Shown]:
        """Return a page, the oldest first."""
        wanted = self._meant(filters)
        after = 0 if window.after is None else window.after[0]
        entries = queue.list_queue(wanted, after=after, limit=window.limit + 1)
        rows = [show(entry) for entry in entries]
        return page_of(rows, window, lambda row: (row.id,), self._now(wanted).text())

    def list_changes(self, since: str, limit: int, filters: Mapping[str, Any]) -> Page[Shown]:  # noqa: ARG002 (all or nothing)
        """Return nothing where nothing changed; raises `StateExpired` otherwise."""
        now = self._now(self._meant(filters))
        now.read(since)
        return Page([], now.text())

    def _meant(self, filters: Mapping[str, Any]) -> QueueFilter:
        return _wanted(
            self.administrator(),
            destination=filters.get("destination", ""),
            sender=filters.get("sender", ""),
            recipient=filters.get("recipient", ""),
            is_held=filters.get("held"),
        )

    def _now(self, wanted: QueueFilter) -> State:
        return State(digest(self.request.path, *queue.fingerprint(wanted)), {})


class QueuedMessageView(AdminView):
    """One message that waits."""

    @extend_schema(
        operation_id="admin_get_queued_message",
        summary="Read where a message stands",
        responses=QueuedMessageSerializer,
    )
    def get(self, request: Request, queue_id: int) -> Response:  # noqa: ARG002 (DRF's)
        """Return a message's recipients, with what their servers said."""
        with db.read_snapshot():
            entries = queue.list_queue(_wanted(self.administrator(), message_ids=[queue_id]))
        if not entries:
            raise _none(queue_id)
        shown = {"queue_id": queue_id, "recipients": [show(entry) for entry in entries]}
        return Response(QueuedMessageSerializer(shown).data)


class QueueHeaderView(AdminView):
    """What a message that waits says of itself."""

    @extend_schema(
        operation_id="admin_get_queued_header",
        summary="Read the header of a message that waits",
        responses=QueueHeaderSerializer,
    )
    def get(self, request: Request, queue_id: int) -> Response:  # noqa: ARG002 (DRF's)
        """Return the header. It is somebody's mail: the audit log keeps who read it."""

        def read(by: Administrator) -> bytes:
            header = queue.read_header(_wanted(by, message_ids=[queue_id]))
            if header is None:
                raise _none(queue_id)
            return header

        header = self.administer(read)
        return Response({"header": header.decode("utf-8", "replace")})


class QueueActionView(AdminView):
    """What is done about messages that wait."""

    @extend_schema(
        operation_id="admin_act_on_queue",
        summary="Hold, release, retry or drop messages",
        request=QueueActionSerializer,
        responses={200: QueueOutcomeSerializer},
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002 (DRF's)
        """Hold messages, let go of them, try them now, or take them out: all that are named."""
        asked = self.read(QueueActionSerializer)
        return Response({"recipients": self.administer(lambda by: _act(by, asked))})


def _act(by: Administrator, asked: Mapping[str, Any]) -> int:
    ids = sorted(set(asked["ids"]))
    wanted = _wanted(by, message_ids=ids)
    there = queue.list_message_ids(wanted)
    for queue_id in ids:
        if queue_id not in there:
            raise _none(queue_id)
    if asked["action"] == "drop":
        return queue.drop(wanted, notify=asked["notify"])
    act = {"hold": queue.hold, "release": queue.release, "retry": queue.retry_now}
    return act[asked["action"]](wanted)


def _none(queue_id: int) -> NotFound:
    return NotFound(f"There is no message {queue_id} in the queue.")
