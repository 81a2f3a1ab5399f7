"""The endpoints of the OAuth server."""
