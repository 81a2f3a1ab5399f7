"""The panel, by Django's client and against its registry."""
