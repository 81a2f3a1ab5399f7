"""The arguments of commands: a parser each, a module per family (RFC 3501 §9 and extensions)."""
