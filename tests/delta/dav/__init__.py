"""The delta law of DAV: an old sync-token and what it is answered with are what a PROPFIND tells."""
