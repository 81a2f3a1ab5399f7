"""Pages of the panel that are no list of objects."""
