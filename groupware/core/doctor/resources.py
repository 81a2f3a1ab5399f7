"""Resources: collections have faces, resources have their bytes; what these say is the apps'."""

from collections.abc import Iterator

from groupware.core.doctor.collections import COLLECTION, RESTORE
from groupware.core.doctor.findings import (
    Examination,
    Fault,
    Finding,
    Rule,
    RuledRows,
    read_pages,
    read_rows,
)
from groupware.core.models import CollectionKind
from groupware.core.resources.items import etag_of

DEEP_PAGE = 50
"""Resources whose bytes are read at once: each may have megabytes."""

_COLLECTIONS = RuledRows(
    tables=(
        "core_collection c JOIN core_account a ON a.id = c.account_id"
        " LEFT JOIN core_resourcecollection f ON f.collection_id = c.id"
    ),
    columns=(("key", "c.id"), ("where", COLLECTION)),
    rules=(
        Rule(
            "face",
            "c.kind <> 'mail' AND f.collection_id IS NULL",
            "the collection has no face: no client sees it",
            RESTORE,
        ),
        Rule("face", "c.kind = 'mail' AND f.collection_id IS NOT NULL", "it is a mailbox", RESTORE),
    ),
)
_RESOURCES = RuledRows(
    tables=(
        "core_resource r JOIN core_collection c ON c.id = r.collection_id"
        " JOIN core_account a ON a.id = c.account_id"
        " LEFT JOIN core_resourcedata d ON d.resource_id = r.id"
    ),
    columns=(
        ("key", "r.id"),
        ("where", f"{COLLECTION} || '/' || r.href"),
        ("size", "r.size"),
        ("held", "LENGTH(d.data)"),
    ),
    rules=(
        Rule("resource-data", "d.resource_id IS NULL", "its bytes are not there", RESTORE),
        Rule(
            "resource-data",
            "d.resource_id IS NOT NULL AND LENGTH(d.data) <> r.size",
            "it has {held} octets instead of {size}",
            RESTORE,
        ),
    ),
)
_BYTES = f"""
SELECT r.id, {COLLECTION} || '/' || r.href, r.etag, d.data FROM core_resource r
JOIN core_collection c ON c.id = r.collection_id JOIN core_account a ON a.id = c.account_id
JOIN core_resourcedata d ON d.resource_id = r.id
WHERE {{within}} AND r.id > %(after)s ORDER BY r.id LIMIT %(page)s
"""


def check_resources(examination: Examination) -> Iterator[Finding]:
    """Find collections without a face, resources without their bytes; with `deep`, other bytes."""
    _count(examination)
    yield from _COLLECTIONS.find(examination.within("c.account_id"))
    yield from _RESOURCES.find(examination.within("r.account_id"))
    if examination.deep:
        yield from _compare_etags(examination)


def _compare_etags(examination: Examination) -> Iterator[Fault]:
    ((total,),) = read_rows("SELECT COUNT(*) FROM core_resource")
    rows = read_pages(_BYTES.format(within=examination.within("r.account_id")), page=DEEP_PAGE)
    for done, (_, where, etag, data) in enumerate(rows):
        examination.on_progress("events and cards", done, total)
        if etag_of(bytes(data)) != etag:
            yield Fault("resource-data", where, "its bytes are not those of its etag", RESTORE)


def _count(examination: Examination) -> None:
    """Note how many collections and resources there are, for the summary."""
    within = examination.within("account_id")
    for kind in (CollectionKind.CALENDAR, CollectionKind.ADDRESS_BOOK):
        examination.count(
            kind.value,
            f"SELECT COUNT(*) FROM core_collection WHERE kind = '{kind.value}' AND {within}",
        )
    examination.count("resources", f"SELECT COUNT(*) FROM core_resource WHERE {within}")
