"""Search of one mailbox, whoever asks: IMAP or the API.

`keys` are what is looked for, `words` read what a person types, `rowkeys` and `narrowing` say what
the database and the index decide, `searching` does it; `found` is a search for those who number
nothing.
"""
