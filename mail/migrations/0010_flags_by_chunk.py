from collections.abc import Iterator
from itertools import groupby
from typing import Any

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

CHUNK = 256
HAS_KEYWORDS = 32
FILL = (
    "INSERT INTO mail_messagechunk (collection_id, chunk, modseq)"
    " SELECT collection_id, uid >> 8, MAX(modseq) FROM mail_message GROUP BY collection_id, uid >> 8"
)


def pack(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Write the flags of every message into the text of its chunk."""
    message, chunk = (apps.get_model("mail", name) for name in ("Message", "MessageChunk"))
    fields = "account_id", "collection_id", "uid", "flags", "keywords", "modseq"
    rows = message.objects.order_by("collection_id", "uid").values_list(*fields)
    for values in _chunks(rows.iterator()):
        chunk.objects.create(**values)


def _chunks(rows: Iterator[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    for (account_id, collection_id, number), some in groupby(
        rows, key=lambda row: (row[0], row[1], row[2] // CHUNK)
    ):
        text, highest = ["-"] * CHUNK, 0
        for _, _, uid, flags, keywords, modseq in some:
            text[uid % CHUNK] = chr(ord("0") + (flags | (HAS_KEYWORDS if keywords else 0)))
            highest = max(highest, modseq)
        yield {
            "account_id": account_id,
            "collection_id": collection_id,
            "chunk": number,
            "modseq": highest,
            "all_modseq": 0,
            "flags": "".join(text),
        }


def unpack(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Give every message its flags back, and the modseq that its chunk raised."""
    message, chunk = (apps.get_model("mail", name) for name in ("Message", "MessageChunk"))
    for row in chunk.objects.iterator():
        first = row.chunk * CHUNK
        own = message.objects.filter(collection_id=row.collection_id)
        own = own.filter(uid__gte=first, uid__lt=first + CHUNK)
        own.filter(modseq__lt=row.all_modseq).update(modseq=row.all_modseq)
        for code in set(row.flags) - {"-"}:
            uids = [first + place for place, held in enumerate(row.flags) if held == code]
            mask = (ord(code) - ord("0")) % HAS_KEYWORDS
            own.filter(uid__in=uids).update(flags=mask)


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_account_tombstone_floor"),
        ("mail", "0009_row_keys"),
    ]

    operations = [
        migrations.RunSQL(migrations.RunSQL.noop, FILL),
        migrations.DeleteModel(name="MessageChunk"),
        migrations.CreateModel(
            name="MessageChunk",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="core.account",
                    ),
                ),
                (
                    "collection",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="core.collection",
                    ),
                ),
                ("chunk", models.BigIntegerField()),
                ("modseq", models.BigIntegerField()),
                ("all_modseq", models.BigIntegerField()),
                ("flags", models.CharField(max_length=256)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("collection", "chunk"), name="mail_chunk_unique"
                    )
                ],
            },
        ),
        migrations.RunPython(pack, unpack),
        migrations.RemoveField(model_name="message", name="flags"),
    ]
