"""MIME (RFC 2045 to 2049, 5322): pure functions from a message's octets to what the store keeps."""
