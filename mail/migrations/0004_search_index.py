# The table of texts is made anew: nothing was ever written to it, and the text has to be its last
# column, so that who reads the others does not read past it.

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0002_account_tombstone_floor'),
        ('mail', '0003_reader_modseq'),
    ]

    operations = [
        migrations.DeleteModel(name='SearchText'),
        migrations.CreateModel(
            name='SearchSegment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slots', models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='SearchPage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.IntegerField()),
                ('bitmaps', models.BinaryField()),
                ('segment', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='mail.searchsegment')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('segment', 'number'), name='mail_searchpage_unique')],
            },
        ),
        migrations.CreateModel(
            name='SearchText',
            fields=[
                ('blob', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='core.blob')),
                ('version', models.SmallIntegerField()),
                ('segment', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, to='mail.searchsegment')),
                ('slot', models.IntegerField(default=0)),
                ('subject', models.BinaryField(null=True)),
                ('sender', models.BinaryField(null=True)),
                ('recipients', models.BinaryField(null=True)),
                ('cc', models.BinaryField(null=True)),
                ('text', models.BinaryField()),
            ],
            options={
                'indexes': [models.Index(fields=['version', 'segment'], name='mail_searchtext_version')],
            },
        ),
    ]
