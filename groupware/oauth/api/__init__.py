"""Applications and what they hold tokens of, over REST."""
