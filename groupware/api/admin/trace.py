"""The trace over REST: where messages went, and how much mail there is by the hour."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.api.admin.base import AdminView, SmallList
from groupware.core import db
from groupware.core.administration import Administrator
from groupware.core.clock import now
from groupware.core.errors import NotFound
from groupware.core.roles import Permission
from groupware.rest.changes import State, digest
from groupware.rest.pagination import Page, Window, page_of
from groupware.rest.views import ListView, PageQuery
from mail.models import Direction, Step, TraceEntry
from mail.services import trace
from mail.services.trace import TraceFilter

USUAL_DAYS = 7
"""Days of traffic where nobody says since when."""


class Shown(NamedTuple):
    """A step of a message as administrators are shown it."""

    id: int
    moment_us: int
    moment: datetime
    step: str
    message_id: str
    reference: str
    queue_id: int | None
    sender: str
    recipient: str
    account_id: int | None
    domain_id: int | None
    size: int
    peer: str
    detail: str


class TraceEntrySerializer(serializers.Serializer[Shown]):
    """One step of a message."""

    id = serializers.IntegerField()
    moment = serializers.DateTimeField()
    step = serializers.ChoiceField(
        Step.values,
        help_text="What is filed with the reply is `delivered` without having been `received`.",
    )
    message_id = serializers.CharField(help_text="Without its brackets; empty where there is none.")
    reference = serializers.CharField(
        help_text="The number with which it was taken, or the session that brought it: as logs say it."
    )
    queue_id = serializers.IntegerField(allow_null=True, help_text="Of the message in the queue.")
    sender = serializers.CharField(help_text="Empty for a notification.")
    recipient = serializers.CharField()
    account_id = serializers.IntegerField(allow_null=True, help_text="Who has got it, or sent it.")
    domain_id = serializers.IntegerField(allow_null=True)
    size = serializers.IntegerField(help_text="Octets; 0 where that is not known.")
    peer = serializers.CharField(help_text="The other server, or the client.")
    detail = serializers.CharField(help_text="What was said.")


class TraceQuery(PageQuery):
    """Which steps."""

    q = serializers.CharField(
        required=False, max_length=320, help_text="In an address or the Message-ID."
    )
    sender = serializers.CharField(required=False, max_length=320, help_text="Or a part of it.")
    recipient = serializers.CharField(required=False, max_length=320, help_text="Or a part of it.")
    step = serializers.ChoiceField(Step.values, required=False)
    start = serializers.DateTimeField(required=False)
    end = serializers.DateTimeField(required=False)


class WaySerializer(serializers.Serializer[Any]):
    """One message on its way."""

    message_id = serializers.CharField()
    steps = TraceEntrySerializer(many=True)


class TrafficRow(NamedTuple):
    """What was in an hour."""

    hour: datetime
    direction: str
    messages: int
    octets: int
    failed: int


class TrafficSerializer(serializers.Serializer[TrafficRow]):
    """How much mail there was within one hour; each recipient counts."""

    hour = serializers.DateTimeField(help_text="When it began.")
    direction = serializers.ChoiceField(
        Direction.values, help_text="Into mailboxes here, or to other servers."
    )
    messages = serializers.IntegerField(help_text="What arrived.")
    octets = serializers.IntegerField()
    failed = serializers.IntegerField(help_text="What was refused or given up.")


class TrafficQuery(PageQuery):
    """Of what time."""

    start = serializers.DateTimeField(
        required=False, help_text=f"Without it, the last {USUAL_DAYS} days."
    )
    end = serializers.DateTimeField(required=False)


def show(entry: TraceEntry) -> Shown:
    """Return what is shown of a step."""
    return Shown(
        entry.pk,
        entry.moment,
        datetime.fromtimestamp(entry.moment / 1e6, UTC),
        entry.step,
        entry.message_id,
        entry.reference,
        entry.queue_id,
        entry.sender,
        entry.recipient,
        entry.account_id,
        entry.domain_id,
        entry.size,
        entry.peer,
        entry.detail,
    )


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


@extend_schema_view(
    get=extend_schema(operation_id="admin_list_trace", summary="Look for where messages went")
)
class TraceList(AdminView, ListView[Shown]):
    """Steps of messages of an administrator's domains, the newest first.

    They are here a second after they were taken, and for `GROUPWARE_TRACE_KEEP` days. Whether any
    came is told by `since`, no more.
    """

    query = TraceQuery
    item_class = TraceEntrySerializer
    cursor_key = (int, int)

    def list_page(self, window: Window, filters: Mapping[str, Any]) -> Page[Shown]:
        """Return a page."""
        wanted = self._meant(filters)
        before = None if window.after is None else (window.after[0], window.after[1])
        found = trace.search(wanted, before=before, limit=window.limit + 1)
        rows = [show(entry) for entry in found]
        return page_of(rows, window, lambda row: (row.moment_us, row.id), self._now(wanted).text())

    def list_changes(self, since: str, limit: int, filters: Mapping[str, Any]) -> Page[Shown]:  # noqa: ARG002 (all or nothing)
        """Return nothing where nothing came; raises `StateExpired` otherwise."""
        now_ = self._now(self._meant(filters))
        now_.read(since)
        return Page([], now_.text())

    def _meant(self, filters: Mapping[str, Any]) -> TraceFilter:
        return TraceFilter(
            domain_ids=self.administrator().reach(Permission.TRACE).domain_ids,
            text=filters.get("q", ""),
            sender=filters.get("sender", ""),
            recipient=filters.get("recipient", ""),
            step=filters.get("step", ""),
            since=_seconds(filters.get("start")),
            until=_seconds(filters.get("end")),
        )

    def _now(self, wanted: TraceFilter) -> State:
        return State(digest(self.request.path, wanted, trace.newest(wanted)), {})


class WayQuery(serializers.Serializer[Any]):
    """Which message."""

    message_id = serializers.CharField(
        max_length=998, help_text="With or without brackets; of one that has none, its reference."
    )


class WayView(AdminView):
    """One message, step by step."""

    query = WayQuery

    @extend_schema(
        operation_id="admin_follow_message",
        summary="Follow one message",
        responses=WaySerializer,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002 (DRF's)
        """Return the way of a message as far as it led through the administrator's domains."""
        name = self.read_query()["message_id"]
        with db.read_snapshot():
            reach = self.administrator().reach(Permission.TRACE)
            found = trace.follow(name, reach.domain_ids)
        if not found:
            raise NotFound(f"Nothing is known of the message {name}.")
        steps = [show(entry) for entry in found]
        return Response(WaySerializer({"message_id": name, "steps": steps}).data)


@extend_schema_view(
    get=extend_schema(operation_id="admin_list_traffic", summary="See how much mail there is")
)
class TrafficList(SmallList[TrafficRow]):
    """The traffic of an administrator's domains together, by hour; none for idle hours."""

    query = TrafficQuery
    item_class = TrafficSerializer
    cursor_key = (str, str)

    def all_rows(self, by: Administrator, filters: Mapping[str, Any]) -> Sequence[TrafficRow]:
        """Return the hours in order."""
        reach = by.reach(Permission.TRACE)
        since = filters.get("start") or now() - timedelta(days=USUAL_DAYS)
        until = _seconds(filters.get("end"))
        return [
            TrafficRow(datetime.fromtimestamp(found.moment, UTC), *found[1:])
            for found in trace.traffic(reach.domain_ids, int(since.timestamp()), until)
        ]

    def key_of(self, row: TrafficRow) -> tuple[str, str]:
        """Return the place of an hour in the list."""
        return row.hour.isoformat(), row.direction
