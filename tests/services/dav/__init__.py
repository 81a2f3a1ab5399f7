"""The DAV application in memory: requests through WSGI, the store beneath it."""
