"""Content-addressed, compressed, immutable bytes, durable before the row that names them.

`stage` makes bytes durable outside any transaction, unless they are so small that they are written
with their row; `claim`, inside the transaction that writes the item, gives the blob row to point
at. Bytes that were staged and never claimed are removed by `collector.sweep_unnamed` after a day.
"""

import sqlite3

from groupware.core.blobs.frames import DamagedBlob
from groupware.core.blobs.service import (
    BlobGone,
    Disk,
    StagedBlob,
    carry_over,
    check_reserve,
    claim,
    measure_disks,
    read,
    read_heads,
    read_location,
    read_whole,
    stage,
)
from groupware.core.blobs.store import BlobMissing

UNREADABLE = (BlobMissing, DamagedBlob, sqlite3.DatabaseError, OSError, ValueError)
"""What reading lost or damaged bytes raises; an ordinary read lets it through as a bug."""

__all__ = [
    "UNREADABLE",
    "BlobGone",
    "BlobMissing",
    "DamagedBlob",
    "Disk",
    "StagedBlob",
    "carry_over",
    "check_reserve",
    "claim",
    "measure_disks",
    "read",
    "read_heads",
    "read_location",
    "read_whole",
    "stage",
]
