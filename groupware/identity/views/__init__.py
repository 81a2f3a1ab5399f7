"""The pages at /account/: signing in and out, and what opens the account."""
