"""The migrations of `allauth.account`, and one that replaces them in an empty store."""

import allauth.account.migrations

__path__ = [*__path__, *allauth.account.migrations.__path__]
