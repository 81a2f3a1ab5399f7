"""CalDAV and CardDAV: Radicale's plug-ins, own handlers, discovery; DAV ↔ services, nothing else.

`application` is Radicale's, subclassed; a request goes through `request` and `resources` (what its
path stands for, and what the requester may do with it) to a module of `handlers`, which answers
with a `Response` or raises a `DavError`.
"""
