"""A module for each report, and what they share: what is asked for, and how members are told.

`asked` reads which properties and how much of the data; `address_data` and `calendar_data` cut it;
`card_filters` and `calendar_filters` read conditions. `groupware.dav.handlers.report` has the table.
"""
