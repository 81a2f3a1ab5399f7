"""Sending to other servers: where to, over which connection, and what came of it.

What is to be sent are rows (`mail.models.queue`); who writes them are the services `queue` and
`sending`. Nothing here is inside a transaction while it waits for a peer.
"""
