"""Dead properties (RFC 4918 §4): what clients set and nobody but clients knows the meaning of."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

MAX_NAME = 512
"""Characters of a property's name; it is part of an index, whose entries PostgreSQL bounds."""


class DeadProperty(models.Model):
    """One property of a principal, a collection or a member.

    `account` is whose it is: the owner's, or of a collection that is shared also a reader's. Without
    a `collection` it is the principal's; `resource_id` is a member's row, 0 where it is the
    collection's own. `name` is `{namespace}local`, `value` the whole element as XML, `size` the
    octets of both, which the account is bounded by.

    Invariant: rows are read through the row that they are of. A member's goes without them, and no
    row's number is given twice, so that what is left over is nobody's; a duty removes it.
    """

    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, db_index=False)
    collection = models.ForeignKey("core.Collection", null=True, on_delete=models.CASCADE)
    resource_id = models.BigIntegerField(default=0)
    name = models.CharField(max_length=MAX_NAME)
    value = models.TextField()
    size = models.IntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "collection", "resource_id", "name"], name="dav_property_name"
            ),
            models.UniqueConstraint(
                fields=["account", "name"],
                condition=Q(collection__isnull=True),
                name="dav_property_of_principal",
            ),
        ]

    def __str__(self) -> str:
        return self.name
