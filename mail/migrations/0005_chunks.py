import django.db.models.deletion
from django.db import migrations, models

FILL = (
    "INSERT INTO mail_messagechunk (collection_id, chunk, modseq)"
    " SELECT collection_id, uid >> 8, MAX(modseq) FROM mail_message GROUP BY collection_id, uid >> 8"
)


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_account_tombstone_floor"),
        ("mail", "0004_search_index"),
    ]

    operations = [
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
                    "collection",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="core.collection",
                    ),
                ),
                ("chunk", models.BigIntegerField()),
                ("modseq", models.BigIntegerField()),
            ],
        ),
        migrations.AddConstraint(
            model_name="messagechunk",
            constraint=models.UniqueConstraint(
                fields=("collection", "chunk"), name="mail_chunk_unique"
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RemoveIndex(model_name="message", name="mail_message_modseq"),
        migrations.RemoveIndex(model_name="message", name="mail_message_account"),
    ]
