"""The only writers of identity's tables."""
