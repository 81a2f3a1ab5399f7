"""Mailboxes elsewhere: their accounts, what is fetched from them, and whom they send as."""

from mail.services.outside.senders import sender_for

__all__ = ["sender_for"]
