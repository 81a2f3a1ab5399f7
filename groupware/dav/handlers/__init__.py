"""A module for each method, or for several that are alike; each answers or raises `DavError`."""
