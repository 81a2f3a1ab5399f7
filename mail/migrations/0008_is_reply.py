"""Whether a message answers or forwards another one is kept beside its base subject."""

from typing import Any

from django.db import migrations, models

from mail.mime.envelope import read_envelope_subject
from mail.mime.text import decode_header
from mail.mime.thread import base_subject

PAGE = 500


def note_replies(apps: Any, _schema_editor: Any) -> None:
    """Read it from the envelopes of what is there."""
    contents = apps.get_model("mail", "MessageContent").objects.order_by("pk")
    after = 0
    while page := list(contents.filter(pk__gt=after).values_list("pk", "envelope")[:PAGE]):
        replies = [key for key, envelope in page if _is_reply(bytes(envelope))]
        contents.filter(pk__in=replies).update(is_reply=True)
        after = page[-1][0]


def _is_reply(envelope: bytes) -> bool:
    return base_subject(decode_header(read_envelope_subject(envelope))).is_reply_or_forward


class Migration(migrations.Migration):
    dependencies = [("mail", "0007_summary")]

    operations = [
        migrations.AddField(
            model_name="messagecontent",
            name="is_reply",
            field=models.BooleanField(default=False),
        ),
        migrations.RunPython(note_replies, migrations.RunPython.noop),
    ]
