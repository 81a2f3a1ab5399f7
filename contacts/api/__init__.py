"""Address books, contacts and the directory over REST."""
