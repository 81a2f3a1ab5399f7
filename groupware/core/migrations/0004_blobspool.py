"""A place for bytes that are committed with their row."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("core", "0003_lost_modseqs"),
    ]

    operations = [
        migrations.CreateModel(
            name="BlobSpool",
            fields=[
                (
                    "blob",
                    models.OneToOneField(
                        on_delete=models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="core.blob",
                    ),
                ),
                ("data", models.BinaryField()),
            ],
        ),
    ]
