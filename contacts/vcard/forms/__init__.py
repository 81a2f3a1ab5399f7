"""Cards as plain values, and back: the form in which programs read and write them. Pure.

A form is a dictionary of what JSON knows. `reading` makes it of a card; `editing` puts what changed
of it into the card's own octets, where all that the form has no word for stays as it was written.
Words are those of RFC 9553 (JSContact) where it has them (docs/adr/0054).

| of the form | of vCard |
|---|---|
| kind, members | KIND, MEMBER, or Apple's names for them in 3.0 |
| full_name, name, nicknames | FN, N, NICKNAME |
| organization, units, title, role | ORG, TITLE, ROLE |
| emails, phones, addresses, links | EMAIL, TEL, ADR, URL, with TYPE, PREF, X-ABLABEL |
| birthday, anniversary, note, categories | BDAY, ANNIVERSARY, NOTE, CATEGORIES |
"""
