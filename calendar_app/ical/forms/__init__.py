"""Events and tasks as plain values, and back: the form in which programs read and write them. Pure.

A form is a dictionary of what JSON knows. `reading` makes it of an object; `editing` puts what
changed of it into the object's own octets, where all that the form has no word for stays as it was
written. Words and values are those of RFC 8984 (JSCalendar) where it has them (docs/adr/0054).

| of the form | of iCalendar |
|---|---|
| title, description, location, url, color, categories | SUMMARY, DESCRIPTION, LOCATION, URL, COLOR, CATEGORIES |
| start, end or duration, due, time_zone | DTSTART, DTEND or DURATION, DUE, TZID |
| recurrence_rule, excluded, overrides | RRULE, EXDATE, the components with a RECURRENCE-ID |
| status, free_busy_status, classification, priority | STATUS, TRANSP, CLASS, PRIORITY |
| organizer, participants, alerts | ORGANIZER, ATTENDEE, VALARM |
| percent, completed_at, parent_uid | PERCENT-COMPLETE, COMPLETED, RELATED-TO |
"""
