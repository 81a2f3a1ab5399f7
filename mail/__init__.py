"""Mail: the store, MIME, and the IMAP, POP3, SMTP, LMTP and Sieve servers."""
