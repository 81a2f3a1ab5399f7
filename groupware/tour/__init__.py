"""`make tour`: each promise of the server proved live, on a server of its own, with figures.

It uses what any device uses: imaplib, poplib, smtplib and HTTP, over TLS as a program would.
"""
