"""Resources of calendars and address books: the part of their services that is the same for both.

`items` writes single resources, `collections` what they lie in, `queries` reads both. The apps'
services stand on these and add what they know of the content, in the same transaction.
"""
