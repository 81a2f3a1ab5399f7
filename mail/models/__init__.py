"""Tables of the mail store."""

from mail.models.content import MessageContent, SearchPage, SearchSegment, SearchText
from mail.models.expunged import ExpungedMessage
from mail.models.inbound import Inbound, InboundDelivery, InboundRecipient
from mail.models.mailbox import Mailbox, Subscription
from mail.models.message import Message, MessageChunk, MessagePrefix, MessageReader, ThreadReference
from mail.models.pop3 import DeleteAction, Pop3Hidden, Pop3Login, Pop3Policy
from mail.models.queue import QueuedMessage, QueuedRecipient

__all__ = [
    "DeleteAction",
    "ExpungedMessage",
    "Inbound",
    "InboundDelivery",
    "InboundRecipient",
    "Mailbox",
    "Message",
    "MessageChunk",
    "MessageContent",
    "MessagePrefix",
    "MessageReader",
    "Pop3Hidden",
    "Pop3Login",
    "Pop3Policy",
    "QueuedMessage",
    "QueuedRecipient",
    "SearchPage",
    "SearchSegment",
    "SearchText",
    "Subscription",
    "ThreadReference",
]
