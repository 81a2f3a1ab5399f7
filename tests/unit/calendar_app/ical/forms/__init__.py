"""The forms of events and tasks."""
