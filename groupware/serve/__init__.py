"""The `serve` command: a supervisor of child processes, one set for each role."""
