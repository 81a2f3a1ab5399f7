"""Who exists and how they are written to: domains, accounts, addresses, groups."""

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac


class Domain(models.Model):
    """A tenant; with `alias_of` set, another name of one.

    Names are lower-case A-labels (RFC 5890), without a trailing dot.
    """

    name = models.CharField(max_length=253, unique=True)
    alias_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="aliases"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class AccountKind(models.TextChoices):
    """What an account is; only a person logs in."""

    PERSON = "person"
    SHARED = "shared"
    ROOM = "room"
    EQUIPMENT = "equipment"


class AccountManager(BaseUserManager["Account"]):
    """Look-ups only: accounts are made by `groupware.core.directory.create_account`."""

    def get_by_natural_key(self, username: str | None) -> "Account":
        """Return the account with this login (Django's own commands)."""
        return self.get(login=username)


class Account(AbstractBaseUser, PermissionsMixin):
    """Whoever owns things: a person, a shared mailbox, a room, a piece of equipment.

    `login` is the primary address, lower-case; the truth about addresses is `Address`.
    Invariant: only a person can log in. `credential_epoch` is read at each login and raised
    by whatever must end live sessions.
    """

    login = models.CharField(max_length=320, unique=True)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="accounts")
    kind = models.CharField(max_length=16, choices=AccountKind.choices, default=AccountKind.PERSON)
    name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    credential_epoch = models.BigIntegerField(default=1)
    second_factor = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = AccountManager()

    class Meta:
        ordering: ClassVar = ["login"]

    def __str__(self) -> str:
        return self.login

    @property
    def can_log_in(self) -> bool:
        """Whether any credential may open a session for this account."""
        return self.is_active and self.kind == AccountKind.PERSON

    def get_session_auth_hash(self) -> str:
        """Return what a browser's session holds on to: whatever raises the epoch ends it."""
        held = f"{self.pk}:{self.credential_epoch}"
        return salted_hmac("groupware.core.Account.session", held, algorithm="sha256").hexdigest()


class Group(models.Model):
    """A set of accounts that can be granted to and, through an `Address`, written to."""

    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="groups")
    name = models.CharField(max_length=320, unique=True)
    description = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class GroupMember(models.Model):
    """One member of a group: an account, or another group."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="members")
    account = models.ForeignKey(
        Account, null=True, on_delete=models.CASCADE, related_name="memberships"
    )
    subgroup = models.ForeignKey(
        Group, null=True, on_delete=models.CASCADE, related_name="memberships"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["group", "account"], name="core_member_account"),
            models.UniqueConstraint(fields=["group", "subgroup"], name="core_member_subgroup"),
            models.CheckConstraint(
                condition=Q(account__isnull=False, subgroup__isnull=True)
                | Q(account__isnull=True, subgroup__isnull=False),
                name="core_member_one_of",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group_id} has {self.account_id or self.subgroup_id}"


class AddressKind(models.TextChoices):
    """What an address is for."""

    PRIMARY = "primary"
    ALIAS = "alias"
    LIST = "list"
    CATCH_ALL = "catch-all"


class Address(models.Model):
    """The only truth about where mail to `local_part@domain` goes.

    `local_part` is lower-case; the catch-all of a domain has the empty one.
    """

    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, related_name="addresses")
    local_part = models.CharField(max_length=64, blank=True)
    kind = models.CharField(max_length=16, choices=AddressKind.choices)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["domain", "local_part"], name="core_address_unique")
        ]
        ordering: ClassVar = ["domain_id", "local_part"]

    def __str__(self) -> str:
        return f"{self.local_part}@{self.domain.name}"


class AddressTarget(models.Model):
    """Where an address leads: an account, a group, or an address outside."""

    address = models.ForeignKey(Address, on_delete=models.CASCADE, related_name="targets")
    account = models.ForeignKey(
        Account, null=True, on_delete=models.CASCADE, related_name="address_targets"
    )
    group = models.ForeignKey(
        Group, null=True, on_delete=models.CASCADE, related_name="address_targets"
    )
    forward_to = models.CharField(max_length=320, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(account__isnull=False, group__isnull=True, forward_to="")
                | Q(account__isnull=True, group__isnull=False, forward_to="")
                | (Q(account__isnull=True, group__isnull=True) & ~Q(forward_to="")),
                name="core_target_one_of",
            ),
            models.UniqueConstraint(
                fields=["address", "account"], name="core_target_account_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address_id} to {self.account_id or self.group_id or self.forward_to}"
