"""What is a person's own, over REST: below /api/v1/me."""
