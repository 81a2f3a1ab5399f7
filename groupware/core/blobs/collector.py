"""Removing bytes that nothing points at.

Invariant: the row goes first, in a transaction of its own, then the bytes; a crash between
leaves bytes without a row, which `sweep_unnamed` removes after a day.
"""

from django.apps import apps
from django.db import IntegrityError, connection

from groupware.core import crashpoints, db
from groupware.core.blobs.service import store
from groupware.core.clock import epoch
from groupware.core.models import Blob

MIN_AGE = 3600
"""Seconds after which a blob that nothing points at goes: till then a re-delivery finds it."""
UNNAMED_AGE = 24 * 3600
"""Seconds for which bytes without a row are kept: their delivery may still be under way."""
BATCH = 500


def _references() -> list[tuple[str, str]]:
    """Every (table, column) with a restricting key to a blob."""
    found: list[tuple[str, str]] = []
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            remote = field.remote_field
            if remote is None or remote.model is not Blob or field.primary_key:
                continue
            found.append((model._meta.db_table, str(field.column)))
    return found


def unreferenced_condition() -> str:
    """Return the SQL condition that no item points at a row of core_blob."""
    return " AND ".join(
        f'NOT EXISTS (SELECT 1 FROM "{table}" WHERE "{column}" = core_blob.id)'
        for table, column in _references()
    )


def collect_unreferenced(*, min_age: int = MIN_AGE) -> int:
    """Remove blobs that no item points at, and return how many."""
    unreferenced = unreferenced_condition()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM core_blob WHERE created_at <= %s AND {unreferenced}",
            [epoch() - min_age],
        )
        candidates = [row[0] for row in cursor.fetchall()]
    removed = 0
    for start in range(0, len(candidates), BATCH):
        removed += _remove(candidates[start : start + BATCH], unreferenced)
    if removed:
        store().reclaim()
    return removed


def _remove(blob_ids: list[int], unreferenced: str) -> int:
    places = ", ".join(["%s"] * len(blob_ids))
    condition = f"id IN ({places}) AND {unreferenced}"
    dependent = [
        model._meta.db_table
        for model in apps.get_models()
        if (key := model._meta.pk).remote_field is not None and key.remote_field.model is Blob
    ]
    try:
        with db.write_transaction(), connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id, location FROM core_blob WHERE {condition}"
                # What is being claimed is another run's: neither side waits for the other.
                + ("" if db.is_sqlite() else " FOR UPDATE SKIP LOCKED"),
                blob_ids,
            )
            rows = cursor.fetchall()
            if not rows:
                return 0
            places = ", ".join(["%s"] * len(rows))
            for table, column in [*((t, "blob_id") for t in dependent), ("core_blob", "id")]:
                cursor.execute(
                    f'DELETE FROM "{table}" WHERE "{column}" IN ({places})',
                    [row[0] for row in rows],
                )
    except IntegrityError:  # one of them was claimed in between: the next run looks again
        return 0
    crashpoints.reach("collector-marked")
    for _, location in rows:
        store().remove(location)
        crashpoints.reach("collector-unlinked")
    return len(rows)


def sweep_unnamed(*, min_age: int = UNNAMED_AGE) -> int:
    """Remove bytes that no row names and that are older than a day; return how many."""
    removed = 0
    batch: list[str] = []
    for location in store().locations(older_than=epoch() - min_age):
        batch.append(location)
        if len(batch) == BATCH:
            removed += _sweep(batch)
            batch = []
    removed += _sweep(batch)
    if removed:
        store().reclaim()
    return removed


def _sweep(locations: list[str]) -> int:
    named = set(Blob.objects.filter(location__in=locations).values_list("location", flat=True))
    unnamed = [location for location in locations if location not in named]
    for location in unnamed:
        store().remove(location)
    return len(unnamed)
