"""The migrations of `oauth2_provider`, and one that replaces them in an empty store."""

import oauth2_provider.migrations

__path__ = [*__path__, *oauth2_provider.migrations.__path__]
