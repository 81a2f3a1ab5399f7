from importlib import import_module

import django.db.models.deletion
import groupware.core.models.keys
from django.db import migrations, models

from groupware.core.squashing import CreateModels


_first = import_module("contacts.migrations.0002_first_address_book")


class Migration(migrations.Migration):

    replaces = [
        ('contacts', '0001_initial'),
        ('contacts', '0002_first_address_book'),
        ('contacts', '0003_directory'),
    ]

    initial = True

    dependencies = [
        ('core', '0005_resources'),
    ]

    operations = [
        CreateModels(
            creations=[
                migrations.CreateModel(
                    name='Card',
                    fields=[
                        ('resource', groupware.core.models.keys.RowKey(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='card', serialize=False, to='core.resource')),
                        ('kind', models.CharField(max_length=16)),
                        ('full_name', models.TextField(blank=True)),
                        ('names', models.TextField(blank=True)),
                        ('mails', models.TextField(blank=True)),
                        ('phones', models.TextField(blank=True)),
                        ('birthday', models.CharField(blank=True, max_length=32)),
                        ('text', models.TextField(blank=True)),
                    ],
                ),
                migrations.CreateModel(
                    name='Directory',
                    fields=[
                        ('domain', groupware.core.models.keys.RowKey(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='directory', serialize=False, to='core.domain')),
                        ('object_id', models.CharField(max_length=32)),
                        ('token_epoch', models.BigIntegerField(default=1)),
                        ('modseq', models.BigIntegerField(default=0)),
                        ('floor', models.BigIntegerField(default=0)),
                        ('fingerprint', models.CharField(blank=True, max_length=64)),
                    ],
                ),
                migrations.CreateModel(
                    name='DirectoryCard',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('href', models.CharField(max_length=255)),
                        ('ical_uid', models.CharField(max_length=64)),
                        ('modseq', models.BigIntegerField()),
                        ('etag', models.CharField(max_length=64)),
                        ('size', models.IntegerField()),
                        ('created_at', models.BigIntegerField()),
                        ('changed_at', models.BigIntegerField()),
                        ('is_gone', models.BooleanField(default=False)),
                        ('kind', models.CharField(max_length=16)),
                        ('full_name', models.TextField(blank=True)),
                        ('text', models.TextField(blank=True)),
                        ('data', models.BinaryField()),
                        ('domain', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='directory_cards', to='core.domain')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['domain', 'modseq'], name='contacts_directory_modseq')],
                        'constraints': [models.UniqueConstraint(fields=('domain', 'href'), name='contacts_directory_href')],
                    },
                ),
            ],
        ),
        # Accounts of a store that knew no contacts yet are there already.
        migrations.RunPython(_first.provide, migrations.RunPython.noop),
    ]
