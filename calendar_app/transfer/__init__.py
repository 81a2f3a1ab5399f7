"""Calendars from files and into files; like an edge, it writes by the services alone."""
