"""The URLs of mail below /api/v1/."""

from django.urls import URLPattern, path

from groupware.rest import paths
from mail.api import mailboxes, messages

paths.register()

urlpatterns: list[URLPattern] = [
    path("mailboxes", mailboxes.MailboxList.as_view(), name="api-mailboxes"),
    path("mailboxes/<oid:mailbox_id>", mailboxes.MailboxView.as_view(), name="api-mailbox"),
    path(
        "mailboxes/<oid:mailbox_id>/messages",
        messages.MessageList.as_view(),
        name="api-messages",
    ),
    path("messages/<item:message_id>", messages.MessageView.as_view(), name="api-message"),
]
