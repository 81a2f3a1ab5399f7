"""POP3 (RFC 1939): a protocol core without input or output, and the server on it."""
