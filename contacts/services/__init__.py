"""The only writers of contacts."""
