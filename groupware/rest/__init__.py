"""What every app's api/ shares: one error form, sign-in, scopes, lists, conditions, the schema."""
