"""The client's side of IMAP, POP3 and SMTP: other servers, on which somebody has a mailbox too.

Nothing here knows the database. What the other side sends is bounded in octets and in time, and
what goes wrong is an `OutsideFailed` with a text for the person whose mailbox it is.
"""
