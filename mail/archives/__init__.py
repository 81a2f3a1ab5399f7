"""Mail in files, as other programs leave it: mbox, Maildir, directories of .eml.

Readers yield messages one after the other, each in memory alone. They know no database: what
becomes of a message is `mail.transfer`'s.
"""
