"""Rows that point at what is not there, in every table of ours.

The database's foreign keys forbid them; damage, a restore by hand or SQLite's `foreign_keys`
turned off make them all the same.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models

from groupware.core.doctor.collections import COLLECTION
from groupware.core.doctor.findings import Examination, Fault, Finding, read_pages

_RESTORE = "Restore the database from a backup: something other than this server wrote to it."


def _tables() -> Iterator[type[models.Model]]:
    for model in apps.get_models():
        if not model.__module__.startswith("django."):
            yield model


def _columns(model: type[models.Model]) -> set[str]:
    return {str(field.column) for field in model._meta.concrete_fields}


def check_references(examination: Examination) -> Iterator[Finding]:
    """Find rows whose foreign key points at no row."""
    for model in _tables():
        columns = _columns(model)
        if examination.account_id is not None and "account_id" not in columns:
            continue
        for field in model._meta.concrete_fields:
            if (target := field.related_model) is not None:
                yield from _find_dangling(model, field, target, examination)


def _find_dangling(
    model: type[models.Model],
    field: "models.Field[Any, Any]",
    pointed_model: type[models.Model],
    examination: Examination,
) -> Iterator[Fault]:
    columns = _columns(model)
    table, key, target = model._meta.db_table, model._meta.pk.column, pointed_model._meta
    owned = "account_id" in columns
    sql = (
        f"SELECT t.{key}, t.{field.column},"
        f" {'a.login' if owned else 'NULL'}, {'t.uid' if 'uid' in columns else 'NULL'}"
        f" FROM {table} t LEFT JOIN {target.db_table} r ON r.{target.pk.column} = t.{field.column}"
        f"{' LEFT JOIN core_account a ON a.id = t.account_id' if owned else ''}"
        f" WHERE t.{field.column} IS NOT NULL AND r.{target.pk.column} IS NULL"
        f" AND {examination.within('t.account_id')} AND t.{key} > %(after)s"
        f" ORDER BY t.{key} LIMIT %(page)s"
    )
    for row_key, pointed_at, login, uid in read_pages(sql):
        where = f"{f'{login}: ' if login else ''}row {row_key} of {table}"
        where += f" (UID {uid})" if uid is not None else ""
        what = f"its {field.name} is row {pointed_at} of {target.db_table}, which is not there"
        yield Fault("orphan", where, what, _RESTORE)


def check_owners(examination: Examination) -> Iterator[Finding]:
    """Find rows in a collection that say they are of another account than the collection's."""
    for model in _tables():
        columns = _columns(model)
        if not {"account_id", "collection_id"} <= columns:
            continue
        table, key = model._meta.db_table, model._meta.pk.column
        sql = (
            f"SELECT t.{key}, {COLLECTION}, {'t.uid' if 'uid' in columns else 'NULL'},"
            f" t.account_id, b.login FROM {table} t JOIN core_collection c ON c.id = t.collection_id"
            " JOIN core_account a ON a.id = c.account_id"
            " LEFT JOIN core_account b ON b.id = t.account_id"
            f" WHERE t.account_id <> c.account_id AND {examination.within('c.account_id')}"
            f" AND t.{key} > %(after)s ORDER BY t.{key} LIMIT %(page)s"
        )
        for row_key, where, uid, account_id, login in read_pages(sql):
            item = f" UID {uid}" if uid is not None else ""
            what = f"row {row_key} of {table} is of {login or f'account {account_id}'}"
            yield Fault("owner", where + item, what, _RESTORE)
