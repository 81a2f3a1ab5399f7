"""The views of the person's own pages."""
