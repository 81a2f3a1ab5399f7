"""The kernel that every app shares: accounts, rights, the change counter, blobs, events.

Imports none of the other packages of the project.
"""
