"""The server's own pages: what runs, how to connect a device, health and metrics."""
