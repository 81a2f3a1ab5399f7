import django.db.models.deletion
from django.db import migrations

from groupware.core.models.keys import RowKey

CASCADE = django.db.models.deletion.CASCADE


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_account_tombstone_floor"),
        ("mail", "0008_is_reply"),
    ]

    operations = [
        migrations.AlterField(
            model_name="messagecontent",
            name="blob",
            field=RowKey(on_delete=CASCADE, primary_key=True, serialize=False, to="core.blob"),
        ),
        migrations.AlterField(
            model_name="messageprefix",
            name="message",
            field=RowKey(
                on_delete=CASCADE,
                primary_key=True,
                related_name="prefix",
                serialize=False,
                to="mail.message",
            ),
        ),
        migrations.AlterField(
            model_name="searchtext",
            name="blob",
            field=RowKey(on_delete=CASCADE, primary_key=True, serialize=False, to="core.blob"),
        ),
    ]
