"""Each person's own pages below /account/: profile, devices, identities, shares, space.

What opens the account (password, second factor, app passwords) is `groupware.identity`'s page.
Invariant: a view takes the account from the session that is signed in, never from the request.
"""
