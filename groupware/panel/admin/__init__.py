"""One module for each kind of object: how it is listed, shown and changed."""
