"""The IMAP4rev1 server: RFC 3501 with UIDPLUS, MOVE, CONDSTORE, IDLE and their like.

Pure, without input or output: wire, utf7, sequences, fetchitems, searchkeys, commands,
responses, connection. On top of them: errors, session, handlers, server.
"""
