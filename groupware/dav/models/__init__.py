"""What WebDAV keeps beside the store: dead properties, and locks."""

from groupware.dav.models.locks import DavLock
from groupware.dav.models.properties import DeadProperty

__all__ = ["DavLock", "DeadProperty"]
