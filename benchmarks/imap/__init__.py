"""The same IMAP loads against this server and Debian's Dovecot.

`suite` puts it together: `peers` are the servers, `client` speaks to them, `loads` are what is
measured, `messages` what the mailboxes hold.
"""
