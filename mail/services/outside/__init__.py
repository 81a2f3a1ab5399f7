"""Mailboxes elsewhere: their accounts, what is fetched from them, and whom they send as."""

from mail.services.outside.senders import return_address, sender_for

__all__ = ["return_address", "sender_for"]
