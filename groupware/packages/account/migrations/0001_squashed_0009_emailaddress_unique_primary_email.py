import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from groupware.core.squashing import CreateModels


class Migration(migrations.Migration):

    replaces = [
        ('account', '0001_initial'),
        ('account', '0002_email_max_length'),
        ('account', '0003_alter_emailaddress_create_unique_verified_email'),
        ('account', '0004_alter_emailaddress_drop_unique_email'),
        ('account', '0005_emailaddress_idx_upper_email'),
        ('account', '0006_emailaddress_lower'),
        ('account', '0007_emailaddress_idx_email'),
        ('account', '0008_emailaddress_unique_primary_email_fixup'),
        ('account', '0009_emailaddress_unique_primary_email'),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModels(
            creations=[
                migrations.CreateModel(
                    name='EmailAddress',
                    fields=[
                        ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('email', models.EmailField(db_index=True, max_length=254, verbose_name='email address')),
                        ('verified', models.BooleanField(default=False, verbose_name='verified')),
                        ('primary', models.BooleanField(default=False, verbose_name='primary')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL, verbose_name='user')),
                    ],
                    options={
                        'verbose_name': 'email address',
                        'verbose_name_plural': 'email addresses',
                        'constraints': [models.UniqueConstraint(condition=models.Q(('verified', True)), fields=('email',), name='unique_verified_email'), models.UniqueConstraint(condition=models.Q(('primary', True)), fields=('user', 'primary'), name='unique_primary_email')],
                        'unique_together': {('user', 'email')},
                    },
                ),
                migrations.CreateModel(
                    name='EmailConfirmation',
                    fields=[
                        ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created', models.DateTimeField(default=django.utils.timezone.now, verbose_name='created')),
                        ('sent', models.DateTimeField(null=True, verbose_name='sent')),
                        ('key', models.CharField(max_length=64, unique=True, verbose_name='key')),
                        ('email_address', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='account.emailaddress', verbose_name='email address')),
                    ],
                    options={
                        'verbose_name': 'email confirmation',
                        'verbose_name_plural': 'email confirmations',
                    },
                ),
            ],
        ),
    ]
