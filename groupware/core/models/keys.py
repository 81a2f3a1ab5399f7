"""Keys of tables that have one row for each row of another."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    _OneToOne = models.OneToOneField[Any, Any]
else:
    _OneToOne = models.OneToOneField


class RowKey(_OneToOne):
    """Another row's key as the primary key, found as fast as a key that numbers rows itself.

    SQLite has rows in the order of a key of the type INTEGER. One of any other type, which Django
    would take here, is an index beside them: to be read at each look-up, and written with each row.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        """Return the type of a key that numbers rows; elsewhere it is that of any key."""
        return models.BigAutoField().db_type(connection)
