"""The URLs of mail below /api/v1/."""

from django.urls import URLPattern, path

from groupware.rest import paths
from mail.api import actions, drafts, identities, mailboxes, messages, octets, shares, threads

paths.register()

urlpatterns: list[URLPattern] = [
    path("mailboxes", mailboxes.MailboxList.as_view(), name="api-mailboxes"),
    path("mailboxes/<oid:mailbox_id>", mailboxes.MailboxView.as_view(), name="api-mailbox"),
    path(
        "mailboxes/<oid:mailbox_id>/messages",
        messages.MessageList.as_view(),
        name="api-messages",
    ),
    path("mailboxes/<oid:mailbox_id>/threads", threads.ThreadList.as_view(), name="api-threads"),
    path("mailboxes/<oid:mailbox_id>/shares", shares.SharesView.as_view(), name="api-shares"),
    path("drafts", drafts.DraftList.as_view(), name="api-drafts"),
    path("drafts/<item:draft_id>", drafts.DraftView.as_view(), name="api-draft"),
    path("drafts/<item:draft_id>/send", drafts.SendDraftView.as_view(), name="api-send-draft"),
    path("messages/send", drafts.SendView.as_view(), name="api-send"),
    path("identities", identities.IdentityList.as_view(), name="api-identities"),
    path("identities/<key:identity_id>", identities.IdentityView.as_view(), name="api-identity"),
    path("sender-addresses", identities.SenderList.as_view(), name="api-senders"),
    path("messages/actions", actions.ActionsView.as_view(), name="api-actions"),
    path("messages/<item:message_id>/raw", octets.RawView.as_view(), name="api-raw"),
    path("messages/<item:message_id>/body", octets.BodyView.as_view(), name="api-body"),
    path(
        "messages/<item:message_id>/parts/<section:section>",
        octets.PartView.as_view(),
        name="api-part",
    ),
    path("messages/<item:message_id>", messages.MessageView.as_view(), name="api-message"),
]
