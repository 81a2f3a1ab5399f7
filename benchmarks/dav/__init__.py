"""The same CalDAV and CardDAV loads against this server and others.

`suite` puts it together: `peers` are the servers, `client` speaks to them, `loads` are what is
measured, `objects` what the calendars and address books hold.
"""
