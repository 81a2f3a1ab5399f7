"""The forms of cards."""
