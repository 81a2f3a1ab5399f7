"""Contacts of the suite: nothing is stored yet."""
