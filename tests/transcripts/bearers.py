"""The tokens that transcripts sign in with: that of RFC 7628 §4.1, and one that is for nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from groupware.core import auth, clock

TOKEN = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="
WITHOUT_SCOPE = "a-token-that-opens-no-protocol"


@contextmanager
def known_tokens(account_id: int) -> Iterator[dict[str, auth.TokenGrant]]:
    """Let both be the account's; whoever is taken out of what is yielded is revoked."""
    until = clock.now() + timedelta(hours=1)
    scopes = {TOKEN: frozenset({"imap", "pop3", "smtp"}), WITHOUT_SCOPE: frozenset({"dav"})}
    known = {
        token: auth.TokenGrant(account_id, token[:8], held, until) for token, held in scopes.items()
    }

    def is_live(token_id: str) -> bool:
        return any(grant.token_id == token_id for grant in known.values())

    end = auth.register_token_verifier(known.get, is_live)
    try:
        yield known
    finally:
        end()
