"""Tables of the mail store."""

from mail.models.content import MessageContent, SearchText
from mail.models.mailbox import Mailbox, Subscription
from mail.models.message import Message, MessagePrefix, MessageReader, ThreadReference

__all__ = [
    "Mailbox",
    "Message",
    "MessageContent",
    "MessagePrefix",
    "MessageReader",
    "SearchText",
    "Subscription",
    "ThreadReference",
]
