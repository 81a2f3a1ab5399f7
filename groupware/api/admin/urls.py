"""The URLs of administration below /api/v1/admin/."""

from django.urls import URLPattern, path

from groupware.api import devices
from groupware.api.admin import (
    accounts,
    addresses,
    auditlog,
    credentials,
    domains,
    grants,
    groups,
    helping,
    queue,
    roles,
    trace,
)
from groupware.rest import paths

paths.register()

urlpatterns: list[URLPattern] = [
    path("domains", domains.DomainList.as_view(), name="api-admin-domains"),
    path("domains/<key:domain_id>", domains.DomainView.as_view(), name="api-admin-domain"),
    path("domains/<key:domain_id>/dns", domains.RecordsView.as_view(), name="api-admin-dns"),
    path("accounts", accounts.AccountList.as_view(), name="api-admin-accounts"),
    path("accounts/<key:account_id>", accounts.AccountView.as_view(), name="api-admin-account"),
    path(
        "accounts/<key:account_id>/password",
        helping.PasswordView.as_view(),
        name="api-admin-password",
    ),
    path(
        "accounts/<key:account_id>/second-factor",
        helping.SecondFactorView.as_view(),
        name="api-admin-second-factor",
    ),
    path(
        "accounts/<key:account_id>/sessions",
        helping.SessionList.as_view(),
        name="api-admin-sessions",
    ),
    path(
        "accounts/<key:account_id>/sessions/<slug:live_session_id>",
        helping.SessionView.as_view(),
        name="api-admin-session",
    ),
    path(
        "accounts/<key:account_id>/devices",
        devices.DeviceList.as_view(),
        name="api-admin-devices",
    ),
    path(
        "accounts/<key:account_id>/failed-logins",
        helping.FailedLoginList.as_view(),
        name="api-admin-failed-logins",
    ),
    path(
        "accounts/<key:account_id>/app-passwords",
        credentials.AppPasswordList.as_view(),
        name="api-admin-app-passwords",
    ),
    path(
        "accounts/<key:account_id>/app-passwords/<oid:held_app_password_id>",
        credentials.AppPasswordView.as_view(),
        name="api-admin-app-password",
    ),
    path("rooms", accounts.RoomList.as_view(), name="api-admin-rooms"),
    path("quotas", accounts.QuotaList.as_view(), name="api-admin-quotas"),
    path("addresses", addresses.AddressList.as_view(), name="api-admin-addresses"),
    path("addresses/<key:address_id>", addresses.AddressView.as_view(), name="api-admin-address"),
    path("groups", groups.GroupList.as_view(), name="api-admin-groups"),
    path("groups/<key:group_id>", groups.GroupView.as_view(), name="api-admin-group"),
    path("grants", grants.GrantList.as_view(), name="api-admin-grants"),
    path("grants/<key:grant_id>", grants.GrantView.as_view(), name="api-admin-grant"),
    path("roles", roles.RoleList.as_view(), name="api-admin-roles"),
    path("roles/<key:role_id>", roles.RoleView.as_view(), name="api-admin-role"),
    path("queue", queue.QueueList.as_view(), name="api-admin-queue"),
    path("queue/actions", queue.QueueActionView.as_view(), name="api-admin-queue-actions"),
    path("queue/<key:queue_id>", queue.QueuedMessageView.as_view(), name="api-admin-queued"),
    path(
        "queue/<key:queue_id>/header",
        queue.QueueHeaderView.as_view(),
        name="api-admin-queued-header",
    ),
    path("trace", trace.TraceList.as_view(), name="api-admin-trace"),
    path("trace/message", trace.WayView.as_view(), name="api-admin-trace-message"),
    path("traffic", trace.TrafficList.as_view(), name="api-admin-traffic"),
    path("audit", auditlog.AuditList.as_view(), name="api-admin-audit"),
    path("audit/<key:entry_id>", auditlog.AuditEntryView.as_view(), name="api-admin-audit-entry"),
]
