"""SMTP and LMTP: a protocol core without input or output, and the LMTP server on it."""
