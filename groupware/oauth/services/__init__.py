"""What writes: applications, and the tokens that they get and lose."""
