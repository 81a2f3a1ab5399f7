from typing import Any

from django.db import migrations, models

from mail.mime.sections import filter_header_fields
from mail.mime.strings import literal

FIELDS = (b"from", b"to", b"subject", b"date")
ROWS = 1000


def fill(apps: Any, schema_editor: Any) -> None:
    """Make the summary of each content row from the header fields that it keeps."""
    contents = apps.get_model("mail", "MessageContent").objects.order_by("blob_id")
    last = 0
    while rows := contents.filter(blob_id__gt=last).values_list("blob_id", "header_fields")[:ROWS]:
        made = [
            (literal(filter_header_fields(bytes(header), FIELDS, negate=False)), blob_id)
            for blob_id, header in rows
        ]
        with schema_editor.connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE mail_messagecontent SET summary = %s WHERE blob_id = %s", made
            )
        last = made[-1][1]


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0006_names_in_nfc"),
    ]

    operations = [
        migrations.AddField(
            model_name="messagecontent",
            name="summary",
            field=models.BinaryField(default=b""),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
