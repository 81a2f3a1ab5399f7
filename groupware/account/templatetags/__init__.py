"""Tags of the own pages."""
