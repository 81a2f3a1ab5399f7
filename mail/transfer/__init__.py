"""Mail that comes from files and goes into files: an edge, like a protocol's server."""
