"""What mail on its way is made of: envelopes, trace fields, lists' fields, notifications. Pure."""
