"""Copies in Sent know who sent them; of those of the last hours no more is known."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('mail', '0018_queue_leases'),
    ]

    operations = [
        migrations.RunSQL("DELETE FROM mail_sentcopy", migrations.RunSQL.noop),
        migrations.AddField(
            model_name='sentcopy',
            name='submitter',
            field=models.ForeignKey(db_index=False, default=0, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
            preserve_default=False,
        ),
    ]
