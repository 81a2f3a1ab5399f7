"""Mailboxes elsewhere: against real servers, and against hostile ones."""
