"""Lists: who may write to them, and who has a part in them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Posting(models.TextChoices):
    """Who may write to a list."""

    ANYONE = "anyone"
    DOMAIN = "domain"
    MEMBERS = "members"
    MODERATORS = "moderators"


class ListPart(models.TextChoices):
    """What somebody is to a list.

    An owner gets its bounces and what is written to those in charge; a moderator may always post;
    a sender may write in its name.
    """

    OWNER = "owner"
    MODERATOR = "moderator"
    SENDER = "sender"


class ListPolicy(models.Model):
    """How a group, or an address of the kind list, is written to; without a row by anyone."""

    group = models.OneToOneField(
        "core.Group", null=True, on_delete=models.CASCADE, related_name="list_policy"
    )
    address = models.OneToOneField(
        "core.Address", null=True, on_delete=models.CASCADE, related_name="list_policy"
    )
    post = models.CharField(max_length=16, choices=Posting.choices, default=Posting.ANYONE)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(group__isnull=False, address__isnull=True)
                | Q(group__isnull=True, address__isnull=False),
                name="mail_listpolicy_one_of",
            )
        ]

    def __str__(self) -> str:
        return f"{self.group_id or self.address_id}: {self.post}"


class ListPartner(models.Model):
    """An account that has a part in a list."""

    policy = models.ForeignKey(ListPolicy, on_delete=models.CASCADE, related_name="partners")
    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, related_name="+")
    part = models.CharField(max_length=16, choices=ListPart.choices)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["policy", "part", "account"], name="mail_listpartner_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} is {self.part} of {self.policy_id}"
