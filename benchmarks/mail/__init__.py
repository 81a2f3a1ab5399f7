"""The same loads by LMTP, POP3 and SMTP against this server and Debian's Postfix and Dovecot.

`suite` puts it together: `peers` are the servers, `handover` and `pop3` speak to them, `taking` and
`fetching` are what is measured.
"""
