"""What stands in for parts of other people's packages. docs/adr/0062."""
