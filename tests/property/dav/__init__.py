"""Laws of DAV."""
