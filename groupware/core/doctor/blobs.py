"""Blobs: every row's bytes are there and are what the digest says; no bytes lie without a row.

A blob that is collected while this looks is no fault: what is missing is looked up again.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from django.apps import apps
from django.db import models

from groupware.core import blobs
from groupware.core.blobs import collector
from groupware.core.blobs.service import store
from groupware.core.clock import epoch
from groupware.core.doctor.findings import (
    Examination,
    Fault,
    Finding,
    Note,
    read_pages,
    read_rows,
)
from groupware.core.doctor.items import item_models, label_sql
from groupware.core.models import Blob
from groupware.core.models.store import Item

_LOST = "Restore the bytes from a backup, or remove what holds them: they cannot be made anew."
_SWEPT_BY_NOW = collector.UNNAMED_AGE + 2 * 3600
"""Seconds after which the hourly sweep must have taken bytes without a row."""


def _holding_fields() -> Iterator[tuple[Any, "models.Field[Any, Any]"]]:
    """Yield (model, field) of every key to a blob of what an account has, items first."""
    items = item_models()
    for model in [*items, *(model for model in apps.get_models() if model not in items)]:
        fields = model._meta.concrete_fields
        if "account_id" not in {field.column for field in fields}:
            continue
        for field in fields:
            if field.remote_field is not None and field.remote_field.model is Blob:
                yield model, field


def _named_rows(model: Any) -> tuple[str, str]:
    """Return SQL of a name for rows `i` of a model that holds blobs, and of their tables."""
    table = model._meta.db_table
    if issubclass(model, Item):
        joins = (
            "JOIN core_collection c ON c.id = i.collection_id"
            " JOIN core_account a ON a.id = c.account_id"
        )
        return label_sql(model), f"{table} i {joins}"
    label = f"a.login || ': row ' || i.id || ' of {table}'"
    return label, f"{table} i JOIN core_account a ON a.id = i.account_id"


def blobs_within(examination: Examination) -> str:
    """Return the SQL condition that a blob `b` is held by what is examined."""
    if examination.account_id is None:
        return "1 = 1"
    held = [
        f"EXISTS (SELECT 1 FROM {model._meta.db_table} i WHERE i.{field.column} = b.id"
        f" AND {examination.within('i.account_id')})"
        for model, field in _holding_fields()
    ]
    return f"({' OR '.join(held)})" if held else "1 = 0"


def describe_blob(blob_id: int) -> str:
    """Return the first item that holds a blob, by its name, and how many others do."""
    first, number = "", 0
    for model, field in _holding_fields():
        label, tables = _named_rows(model)
        rows = read_rows(
            f"SELECT {label}, (SELECT COUNT(*) FROM {model._meta.db_table} n"
            f" WHERE n.{field.column} = %(blob)s) FROM {tables}"
            f" WHERE i.{field.column} = %(blob)s ORDER BY i.id LIMIT 1",
            blob=blob_id,
        )
        if rows:
            first, number = first or rows[0][0], number + int(rows[0][1])
    if not first:
        return f"blob {blob_id}, which nothing holds"
    return first if number == 1 else f"{first} and {number - 1} more that hold its blob"


def check_blobs(examination: Examination) -> Iterator[Finding]:
    """Find blobs whose bytes are missing, damaged, or not those of the digest."""
    within = blobs_within(examination)
    total = examination.count("blobs", f"SELECT COUNT(*) FROM core_blob b WHERE {within}")
    sql = (
        "SELECT b.id, b.digest, b.size, b.location FROM core_blob b"
        f" WHERE {within} AND b.id > %(after)s ORDER BY b.id LIMIT %(page)s"
    )
    for done, (blob_id, digest, size, location) in enumerate(read_pages(sql)):
        examination.on_progress("blobs", done, total)
        if (what := _damage(bytes(digest), size, location)) and _is_still_named(blob_id):
            yield Fault("blob", describe_blob(blob_id), what, _LOST)
    if examination.account_id is None:
        yield from _note_unreferenced()


def _damage(digest: bytes, size: int, location: str) -> str:
    """Return what is wrong with the bytes at a location; nothing when they are right."""
    try:
        data = blobs.read_location(location)
    except blobs.BlobMissing:
        return f"no bytes lie at {location}"
    except blobs.UNREADABLE as error:
        return f"the bytes at {location} cannot be read: {error}"
    if len(data) != size:
        return f"the bytes at {location} are {len(data)}, and should be {size}"
    if sha256(data).digest() != digest:
        return f"the bytes at {location} are others than were stored"
    return ""


def _is_still_named(blob_id: int) -> bool:
    return bool(read_rows("SELECT 1 FROM core_blob WHERE id = %(blob)s", blob=blob_id))


def _note_unreferenced() -> Iterator[Note]:
    ((number,),) = read_rows(
        f"SELECT COUNT(*) FROM core_blob WHERE {collector.unreferenced_condition()}"
    )
    if number:
        yield Note("blob", f"{number} blobs are held by nothing; the worker collects them.")


def check_unnamed_bytes(examination: Examination) -> Iterator[Finding]:
    """Find bytes that no row names and that the sweep must have taken by now."""
    if examination.account_id is not None:
        return
    batch: list[str] = []
    for location in store().locations(older_than=epoch() - _SWEPT_BY_NOW):
        batch.append(location)
        if len(batch) == collector.BATCH:
            yield from _find_unnamed(batch)
            batch = []
    yield from _find_unnamed(batch)


def _lies(location: str) -> bool:
    """Whether bytes are still there: the sweep may have taken them meanwhile."""
    try:
        store().get(location, 0, 1)
    except blobs.BlobMissing:
        return False
    return True


def _find_unnamed(locations: list[str]) -> Iterator[Fault]:
    named = set(Blob.objects.filter(location__in=locations).values_list("location", flat=True))
    for location in locations:
        if location not in named and _lies(location):
            what = "bytes lie there that no row names, and that are older than a day"
            advice = "Start the worker, which removes them: `serve`, or `serve worker`."
            yield Fault("unnamed-bytes", location, what, advice)
