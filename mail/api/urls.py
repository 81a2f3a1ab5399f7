"""The URLs of mail below /api/v1/."""

from django.urls import URLPattern, path

from groupware.rest import paths
from mail.api import mailboxes

paths.register()

urlpatterns: list[URLPattern] = [
    path("mailboxes", mailboxes.MailboxList.as_view(), name="api-mailboxes"),
    path("mailboxes/<oid:mailbox_id>", mailboxes.MailboxView.as_view(), name="api-mailbox"),
]
