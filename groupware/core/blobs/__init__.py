"""Content-addressed, compressed, immutable bytes, durable before the row that names them.

`stage` makes bytes durable outside any transaction; `claim`, inside the transaction that
writes the item, gives the blob row to point at. Bytes that were staged and never claimed are
removed by `collector.sweep_unnamed` after a day.
"""

from groupware.core.blobs.service import (
    BlobGone,
    StagedBlob,
    claim,
    read,
    read_location,
    stage,
)
from groupware.core.blobs.store import BlobMissing

__all__ = ["BlobGone", "BlobMissing", "StagedBlob", "claim", "read", "read_location", "stage"]
