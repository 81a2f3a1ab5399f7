"""The OAuth 2.0 server: programs get tokens that people give them, in place of passwords.

django-oauth-toolkit speaks the protocol (RFC 6749, 7636, 7009); here is what it keeps, whom it
asks, and where its tokens open sessions (`groupware.core.tokens`). See docs/adr/0050.
"""
