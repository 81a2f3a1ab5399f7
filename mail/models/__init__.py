"""Tables of the mail store."""

from mail.models.content import MessageContent, SearchPage, SearchSegment, SearchText
from mail.models.expunged import ExpungedMessage
from mail.models.mailbox import Mailbox, Subscription
from mail.models.message import Message, MessageChunk, MessagePrefix, MessageReader, ThreadReference

__all__ = [
    "ExpungedMessage",
    "Mailbox",
    "Message",
    "MessageChunk",
    "MessageContent",
    "MessagePrefix",
    "MessageReader",
    "SearchPage",
    "SearchSegment",
    "SearchText",
    "Subscription",
    "ThreadReference",
]
