"""What the tests of files of accounts share."""

from tests.services.leaving.conftest import _empty_cache, cheap_hashes

__all__ = ["_empty_cache", "cheap_hashes"]
