"""What a person is shown of a message: its parts, its text, and its HTML made harmless. Pure.

`forms` reads the wire forms that the store keeps, `structure` and `envelope` say what is in them,
`html` and `styles` clean what was sent as HTML.
"""
