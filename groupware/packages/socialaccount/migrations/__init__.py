"""The migrations of `allauth.socialaccount`, and one that replaces them in an empty store."""

import allauth.socialaccount.migrations

__path__ = [*__path__, *allauth.socialaccount.migrations.__path__]
