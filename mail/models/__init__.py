"""Tables of the mail store."""

from mail.models.content import MessageContent, SearchPage, SearchSegment, SearchText
from mail.models.expunged import ExpungedMessage
from mail.models.mailbox import Mailbox, Subscription
from mail.models.message import Message, MessageChunk, MessagePrefix, MessageReader, ThreadReference
from mail.models.pop3 import DeleteAction, Pop3Hidden, Pop3Login, Pop3Policy

__all__ = [
    "DeleteAction",
    "ExpungedMessage",
    "Mailbox",
    "Message",
    "MessageChunk",
    "MessageContent",
    "MessagePrefix",
    "MessageReader",
    "Pop3Hidden",
    "Pop3Login",
    "Pop3Policy",
    "SearchPage",
    "SearchSegment",
    "SearchText",
    "Subscription",
    "ThreadReference",
]
