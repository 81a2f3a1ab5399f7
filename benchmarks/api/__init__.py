"""What requests of the REST API cost."""
