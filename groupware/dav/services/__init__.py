"""The only writers of what WebDAV keeps beside the store."""
