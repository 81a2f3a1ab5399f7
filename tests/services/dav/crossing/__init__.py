"""What one user sees and changes of others' things, by any sequence of requests."""
