"""Server-sent events: what changed, told to programs that listen."""
