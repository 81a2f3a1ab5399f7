"""The panel as it is: its pages, and its kinds of objects; `place` orders those in the sidebar."""

from django.utils.translation import gettext_lazy as _

from groupware.core.models import Account, Address, AdminRole, Domain, Grant, Group
from groupware.core.roles import Permission
from groupware.panel.admin.accounts import AccountAdmin
from groupware.panel.admin.addresses import AddressAdmin
from groupware.panel.admin.domains import DomainAdmin
from groupware.panel.admin.grants import GrantAdmin
from groupware.panel.admin.groups import GroupAdmin
from groupware.panel.admin.outside import OutsideAdmin
from groupware.panel.admin.retention import HoldAdmin, RetentionAdmin
from groupware.panel.admin.roles import RoleAdmin
from groupware.panel.admin.rooms import RoomAdmin
from groupware.panel.navigation import MAIL, OVERVIEW, PEOPLE, SERVER, Page
from groupware.panel.site import PanelSite
from groupware.panel.views.auditlog import audit_log
from groupware.panel.views.dns import domain_dns
from groupware.panel.views.doctor import doctor_page
from groupware.panel.views.exports import account_export
from groupware.panel.views.imports import account_import, account_import_shown, accounts_csv
from groupware.panel.views.overview import overview
from groupware.panel.views.queue import queue_page
from groupware.panel.views.retention import retention_preview
from groupware.panel.views.sessions import sessions_page
from groupware.panel.views.settings import settings_page
from groupware.panel.views.trace import message_trace
from mail.models import OutsideAccount, RetentionHold, RetentionRule

PAGES = (
    Page("index", "", overview, Permission.LOOK, _("Overview"), "home", OVERVIEW),
    Page("domain-dns", "domains/<int:object_id>/dns/", domain_dns, Permission.MANAGE),
    Page("account-export", "exports/<int:object_id>/", account_export, Permission.MANAGE),
    Page(
        "account-import",
        "imports/",
        account_import,
        Permission.MANAGE,
        _("Import"),
        "outside",
        PEOPLE,
        place=80,
    ),
    Page(
        "account-import-shown",
        "imports/<int:object_id>/",
        account_import_shown,
        Permission.MANAGE,
    ),
    Page("accounts-csv", "accounts.csv", accounts_csv, Permission.LOOK),
    Page("queue", "queue/", queue_page, Permission.QUEUE, _("Queue"), "queue", MAIL),
    Page("retention-preview", "retention/preview/", retention_preview, Permission.MANAGE),
    Page("trace", "trace/", message_trace, Permission.TRACE, _("Messages"), "trace", MAIL),
    Page("sessions", "sessions/", sessions_page, Permission.LOOK, _("Sessions"), "session", SERVER),
    Page(
        "settings",
        "settings/",
        settings_page,
        Permission.INSTALL,
        _("Settings"),
        "settings",
        SERVER,
    ),
    Page("doctor", "doctor/", doctor_page, Permission.INSTALL, _("Doctor"), "health", SERVER),
    Page("audit-log", "audit/", audit_log, Permission.AUDIT, _("Audit log"), "log", SERVER),
)
site = PanelSite(PAGES)
site.register(Domain, DomainAdmin)
site.register(Account, AccountAdmin)
site.register(Group, GroupAdmin)
site.register(Address, AddressAdmin)
site.register_also(Account, RoomAdmin)
site.register(Grant, GrantAdmin)
site.register(AdminRole, RoleAdmin)
site.register(RetentionRule, RetentionAdmin)
site.register(RetentionHold, HoldAdmin)
site.register(OutsideAccount, OutsideAdmin)
