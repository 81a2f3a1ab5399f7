"""Tables of the kernel.

Directory tables (domains, accounts, addresses, groups, grants, credentials, blobs) are global;
every store row carries its account, and one transaction writes store rows of one account.
"""

from groupware.core.models.access import AppPassword, Grant, LoginThrottle
from groupware.core.models.accountimport import (
    AccountImport,
    AccountImportRow,
    ImportState,
    RowOutcome,
    RowState,
)
from groupware.core.models.audit import AdminRole, AuditEntry, DirectoryState, Role
from groupware.core.models.blob import Blob, BlobSpool
from groupware.core.models.devices import Device, DeviceState, LoginHour
from groupware.core.models.directory import (
    Account,
    AccountKind,
    Address,
    AddressKind,
    AddressTarget,
    Domain,
    Group,
    GroupMember,
)
from groupware.core.models.doctor import DoctorReport, ReportState
from groupware.core.models.leaving import AccountExport, Departure, ExportState, Invitation
from groupware.core.models.outbox import OutboxRow
from groupware.core.models.photo import AccountPhoto
from groupware.core.models.quota import QuotaWarning
from groupware.core.models.resources import (
    CollectionRole,
    ReaderFace,
    Resource,
    ResourceCollection,
    ResourceData,
)
from groupware.core.models.store import (
    AccountState,
    Collection,
    CollectionKind,
    CollectionTombstone,
    LostModseqs,
    Tombstone,
)

__all__ = [
    "Account",
    "AccountExport",
    "AccountImport",
    "AccountImportRow",
    "AccountKind",
    "AccountPhoto",
    "AccountState",
    "Address",
    "AddressKind",
    "AddressTarget",
    "AdminRole",
    "AppPassword",
    "AuditEntry",
    "Blob",
    "BlobSpool",
    "Collection",
    "CollectionKind",
    "CollectionRole",
    "CollectionTombstone",
    "Departure",
    "Device",
    "DeviceState",
    "DirectoryState",
    "DoctorReport",
    "Domain",
    "ExportState",
    "Grant",
    "Group",
    "GroupMember",
    "ImportState",
    "Invitation",
    "LoginHour",
    "LoginThrottle",
    "LostModseqs",
    "OutboxRow",
    "QuotaWarning",
    "ReaderFace",
    "ReportState",
    "Resource",
    "ResourceCollection",
    "ResourceData",
    "Role",
    "RowOutcome",
    "RowState",
    "Tombstone",
]
