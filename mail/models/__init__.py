"""Tables of the mail store."""

from mail.models.content import MessageContent, SearchPage, SearchSegment, SearchText
from mail.models.expunged import ExpungedMessage
from mail.models.identities import Identity
from mail.models.inbound import Inbound, InboundDelivery, InboundRecipient
from mail.models.lists import ListPart, ListPartner, ListPolicy, Posting
from mail.models.mailbox import Mailbox, Subscription
from mail.models.message import Message, MessageChunk, MessagePrefix, MessageReader, ThreadReference
from mail.models.outside import (
    OutsideAccount,
    OutsideAfter,
    OutsideMailbox,
    OutsideMessage,
    OutsideProtocol,
    OutsideSender,
    OutsideState,
    OutsideTls,
)
from mail.models.policies import TransportPolicy
from mail.models.pop3 import DeleteAction, Pop3Hidden, Pop3Login, Pop3Policy
from mail.models.queue import QueuedMessage, QueuedRecipient
from mail.models.retention import (
    RetentionAction,
    RetentionAge,
    RetentionHold,
    RetentionRule,
)
from mail.models.signing import DkimKey, KeyState
from mail.models.submission import SentCopy, SentCopyPolicy, SubmissionUse
from mail.models.trace import AdminNotice, Direction, Step, TraceEntry, TrafficHour

__all__ = [
    "AdminNotice",
    "DeleteAction",
    "Direction",
    "DkimKey",
    "ExpungedMessage",
    "Identity",
    "Inbound",
    "InboundDelivery",
    "InboundRecipient",
    "KeyState",
    "ListPart",
    "ListPartner",
    "ListPolicy",
    "Mailbox",
    "Message",
    "MessageChunk",
    "MessageContent",
    "MessagePrefix",
    "MessageReader",
    "OutsideAccount",
    "OutsideAfter",
    "OutsideMailbox",
    "OutsideMessage",
    "OutsideProtocol",
    "OutsideSender",
    "OutsideState",
    "OutsideTls",
    "Pop3Hidden",
    "Pop3Login",
    "Pop3Policy",
    "Posting",
    "QueuedMessage",
    "QueuedRecipient",
    "RetentionAction",
    "RetentionAge",
    "RetentionHold",
    "RetentionRule",
    "SearchPage",
    "SearchSegment",
    "SearchText",
    "SentCopy",
    "SentCopyPolicy",
    "Step",
    "SubmissionUse",
    "Subscription",
    "ThreadReference",
    "TraceEntry",
    "TrafficHour",
    "TransportPolicy",
]
