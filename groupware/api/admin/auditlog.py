"""The audit log over REST: who did what, the newest first."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.api.admin.base import AdminView
from groupware.core import audit, db
from groupware.core.administration import Administrator
from groupware.core.audit import AuditFilter
from groupware.core.errors import NotFound
from groupware.core.models import AuditEntry
from groupware.core.roles import Permission
from groupware.rest.changes import Point, State, digest, expired
from groupware.rest.pagination import Page, Window, page_of
from groupware.rest.views import ListView, PageQuery

_LOG = "log"


class AuditEntrySerializer(serializers.Serializer[AuditEntry]):
    """One thing that was done."""

    id = serializers.IntegerField(help_text="Grows with each entry.")
    created_at = serializers.DateTimeField()
    actor_id = serializers.IntegerField(allow_null=True, help_text="Null: a command, the server.")
    actor = serializers.CharField(help_text="The address as it was then, or who ran a command.")
    role = serializers.CharField(help_text="In what role; empty for what is one's own.")
    network = serializers.CharField(help_text="From where.")
    action = serializers.CharField(help_text="Such as account.set-quota.")
    target_kind = serializers.CharField()
    target_id = serializers.IntegerField(allow_null=True)
    target = serializers.CharField(help_text="Its name as it was then.")
    domain_id = serializers.IntegerField(allow_null=True)
    detail = serializers.DictField(help_text="What was set, by name; never a secret.")


class AuditQuery(PageQuery):
    """Which entries."""

    actor_id = serializers.IntegerField(required=False, min_value=1, max_value=1 << 60)
    action = serializers.CharField(
        required=False, max_length=64, help_text="`account` is all of `account.…`."
    )
    target_kind = serializers.CharField(required=False, max_length=16)
    target_id = serializers.IntegerField(required=False, min_value=1, max_value=1 << 60)
    q = serializers.CharField(
        required=False, max_length=200, help_text="In who did it, or what it was done to."
    )
    start = serializers.DateTimeField(required=False)
    end = serializers.DateTimeField(required=False)


def _wanted(by: Administrator, filters: Mapping[str, Any]) -> AuditFilter:
    return AuditFilter(
        domain_ids=by.reach(Permission.AUDIT).domain_ids,
        actor_id=filters.get("actor_id"),
        action=filters.get("action", ""),
        target_kind=filters.get("target_kind", ""),
        target_id=filters.get("target_id"),
        text=filters.get("q", ""),
        start=filters.get("start"),
        end=filters.get("end"),
    )


@extend_schema_view(
    get=extend_schema(operation_id="admin_list_audit_entries", summary="Read the audit log")
)
class AuditList(AdminView, ListView[AuditEntry]):
    """What was done in an administrator's domains. With `since`, what was done after, in order."""

    query = AuditQuery
    item_class = AuditEntrySerializer
    cursor_key = (int,)

    def list_page(self, window: Window, filters: Mapping[str, Any]) -> Page[AuditEntry]:
        """Return a page, the newest first."""
        wanted = _wanted(self.administrator(), filters)
        before = None if window.after is None else window.after[0]
        rows = audit.list_entries(wanted, before=before, limit=window.limit + 1)
        return page_of(rows, window, lambda row: (row.pk,), self._now(wanted).text())

    def list_changes(self, since: str, limit: int, filters: Mapping[str, Any]) -> Page[AuditEntry]:
        """Return the entries that came since, the oldest first."""
        wanted = _wanted(self.administrator(), filters)
        now = self._now(wanted)
        known = now.read(since).points[_LOG].modseq
        if known < audit.floor():
            expired()
        rows = audit.list_following(wanted, known, limit=limit + 1)
        more = len(rows) > limit
        last = rows[limit - 1].pk if more else now.points[_LOG].modseq
        state = State(now.scope, {_LOG: Point(0, last)}).text()
        return Page(rows[:limit], state, more=more)

    def _now(self, wanted: AuditFilter) -> State:
        domains = wanted.domain_ids
        reach = "all" if domains is None else sorted(domains)
        scope = digest(self.request.path, reach, replace(wanted, domain_ids=None))
        return State(scope, {_LOG: Point(0, audit.last_entry())})


class AuditEntryView(AdminView):
    """One entry."""

    @extend_schema(
        operation_id="admin_get_audit_entry",
        summary="Read one entry",
        responses=AuditEntrySerializer,
    )
    def get(self, request: Request, entry_id: int) -> Response:  # noqa: ARG002 (DRF's)
        """Return an entry of the audit log."""
        with db.read_snapshot():
            found = audit.find_entry(_wanted(self.administrator(), {}), entry_id)
        if found is None:
            raise NotFound(f"There is no entry {entry_id}.")
        return Response(AuditEntrySerializer(found).data)
