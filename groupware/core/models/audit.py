"""Who may administer what, and who did what: roles, and the log of what was done."""

from typing import Any, ClassVar, NoReturn

from django.db import models
from django.db.models import Q


class Role(models.TextChoices):
    """What somebody who administers may do; `groupware.core.roles` says it in full."""

    GLOBAL = "global"
    DOMAIN = "domain"
    HELP_DESK = "help-desk"


class AdminRole(models.Model):
    """One role of an account: everywhere, or in one domain.

    Invariant: who has the global role is Django's superuser, and nobody else is.
    """

    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, related_name="roles")
    role = models.CharField(max_length=16, choices=Role.choices)
    domain = models.ForeignKey(
        "core.Domain", null=True, on_delete=models.CASCADE, related_name="roles"
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "role", "domain"], name="core_adminrole_unique"
            ),
            models.UniqueConstraint(
                fields=["account", "role"],
                condition=Q(domain__isnull=True),
                name="core_adminrole_everywhere",
            ),
            models.CheckConstraint(
                condition=Q(role="global", domain__isnull=True)
                | Q(role="domain", domain__isnull=False)
                | Q(role="help-desk"),
                name="core_adminrole_place",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} is {self.role} of {self.domain_id or 'all'}"


class DirectoryState(models.Model):
    """The counter of the audit log; one row, locked by whoever writes an entry until its commit.

    Invariant: entries are committed in the order of their ids, so that who has read up to one has
    read all before it. Entries up to `floor` are gone.
    """

    last_entry = models.BigIntegerField()
    floor = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"entry {self.last_entry}"


class AuditEntry(models.Model):
    """One thing that was done to the directory, or in the name of an administrator.

    Invariant: an entry is written once, in the transaction of what it tells, and never changed; it
    goes with its age alone. So that it outlives what it names, it holds keys and names as they were
    then, and no foreign key. `id` is `DirectoryState`'s next one.
    """

    id = models.BigIntegerField(primary_key=True)
    created_at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=320)
    role = models.CharField(max_length=16, blank=True)
    network = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=64)
    target_kind = models.CharField(max_length=16)
    target_id = models.BigIntegerField(null=True)
    target = models.CharField(max_length=1320)
    domain_id = models.BigIntegerField(null=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["domain_id", "id"], name="core_audit_domain"),
            models.Index(fields=["target_kind", "id"], name="core_audit_kind"),
            models.Index(fields=["actor_id", "id"], name="core_audit_actor"),
            models.Index(fields=["created_at"], name="core_audit_age"),
        ]

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.target}"

    def save(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse: entries are inserted by `groupware.core.audit.record`, and stay as they are."""
        raise TypeError("an audit entry is not saved: audit.record() inserts it")
