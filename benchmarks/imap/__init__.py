"""The same IMAP loads against this server and Debian's Dovecot: `make bench`.

`__main__` is the command line and the order of things; `peers` starts the servers, `client` speaks
to them, `loads` are what is measured, `messages` what the mailboxes hold, `machine` what it ran
on, `report` and `chart` the result.
"""
