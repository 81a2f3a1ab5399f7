"""A module for each report, and what they share: what is asked for, and how members are told.

`asked` reads which properties and how much of the data; `address_data` and `calendar_data` cut it;
`card_filters` and `calendar_filters` read conditions; `candidates` finds by indexes; `answers` tells.
`groupware.dav.handlers.report` has the table.

Hot: beside 10,000 events, in process on two cores, in ms: all entity tags 15, a month with data 3
(expanded 54), one change 1, a hundred members by href 1.4, free/busy of a month 3, a text in cards 8
(a hundred found). What is left is the driver's; benchmarks/ measures them through the server.
"""
