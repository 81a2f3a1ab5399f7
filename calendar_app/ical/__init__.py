"""iCalendar: read, expand, index, filter and write. Pure: octets and numbers in, values out."""
