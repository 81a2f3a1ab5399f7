"""Calendars, events, tasks and free/busy over REST."""
