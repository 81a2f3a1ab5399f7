from importlib import import_module

import django.db.models.deletion
import groupware.core.models.keys
from django.conf import settings
from django.db import migrations, models

from groupware.core.squashing import CreateModels


_first = import_module("calendar_app.migrations.0002_first_calendars")


class Migration(migrations.Migration):

    replaces = [
        ('calendar_app', '0001_initial'),
        ('calendar_app', '0002_first_calendars'),
        ('calendar_app', '0003_occurrence_spans'),
        ('calendar_app', '0004_occurrence_rules'),
        ('calendar_app', '0005_tasks'),
        ('calendar_app', '0006_link'),
        ('calendar_app', '0007_repeats'),
    ]

    initial = True

    dependencies = [
        ('core', '0007_account_photo'),
    ]

    operations = [
        CreateModels(
            creations=[
                migrations.CreateModel(
                    name='Calendar',
                    fields=[
                        ('collection', groupware.core.models.keys.RowKey(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='calendar', serialize=False, to='core.collection')),
                        ('components', models.CharField(default='VEVENT VTODO VJOURNAL', max_length=100)),
                        ('timezone', models.TextField(blank=True)),
                        ('tzid', models.CharField(blank=True, max_length=255)),
                        ('is_transparent', models.BooleanField(default=False)),
                        ('source', models.TextField(blank=True)),
                        ('source_etag', models.CharField(blank=True, max_length=255)),
                        ('source_seconds', models.IntegerField(default=0)),
                        ('source_error', models.CharField(blank=True, max_length=500)),
                        ('fetched_at', models.BigIntegerField(default=0)),
                        ('link_sha256', models.BinaryField(max_length=32, null=True)),
                        ('repeats', models.BigIntegerField(default=0)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('link_sha256',), name='calendar_link')],
                    },
                ),
                migrations.CreateModel(
                    name='CalendarObject',
                    fields=[
                        ('resource', groupware.core.models.keys.RowKey(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='calendar_object', serialize=False, to='core.resource')),
                        ('summary', models.TextField(blank=True)),
                        ('text', models.TextField(blank=True)),
                        ('classification', models.CharField(blank=True, max_length=16)),
                        ('has_alarm', models.BooleanField(default=False)),
                        ('expanded_until', models.BigIntegerField(default=0)),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('expanded_until__gt', 0)), fields=['expanded_until'], name='calendar_endless')],
                    },
                ),
                migrations.CreateModel(
                    name='Occurrence',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('lane', models.SmallIntegerField()),
                        ('start_at', models.BigIntegerField()),
                        ('end_at', models.BigIntegerField()),
                        ('busy', models.CharField(blank=True, max_length=1)),
                        ('component', models.CharField(max_length=1)),
                        ('recurrence_id', models.CharField(blank=True, max_length=32)),
                        ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                        ('collection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='core.collection')),
                        ('resource', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='occurrences', to='core.resource')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['collection', 'lane', 'start_at'], name='calendar_occurrence_time')],
                    },
                ),
                migrations.CreateModel(
                    name='OccurrenceRules',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('version', models.CharField(blank=True, max_length=64)),
                        ('building', models.CharField(blank=True, max_length=64)),
                        ('position', models.BigIntegerField(default=0)),
                    ],
                ),
                migrations.CreateModel(
                    name='Task',
                    fields=[
                        ('resource', groupware.core.models.keys.RowKey(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='task', serialize=False, to='core.resource')),
                        ('status', models.CharField(max_length=12)),
                        ('percent', models.SmallIntegerField()),
                        ('priority', models.SmallIntegerField()),
                        ('parent_uid', models.TextField(blank=True)),
                        ('due_kind', models.CharField(blank=True, max_length=1)),
                        ('due_at', models.BigIntegerField()),
                        ('repeats', models.BooleanField()),
                    ],
                ),
            ],
        ),
        # Accounts of a store that knew no calendars yet are there already.
        migrations.RunPython(_first.provide, migrations.RunPython.noop),
    ]
