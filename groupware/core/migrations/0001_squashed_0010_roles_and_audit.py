import django.db.models.deletion
import groupware.core.models.keys
from django.conf import settings
from django.db import migrations, models

from groupware.core.squashing import CreateModels


class Migration(migrations.Migration):

    replaces = [
        ('core', '0001_initial'),
        ('core', '0002_account_tombstone_floor'),
        ('core', '0003_lost_modseqs'),
        ('core', '0004_blobspool'),
        ('core', '0005_resources'),
        ('core', '0006_shared_collections'),
        ('core', '0007_account_photo'),
        ('core', '0008_subscribed_calendars'),
        ('core', '0009_quotawarning'),
        ('core', '0010_roles_and_audit'),
    ]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        CreateModels(
            creations=[
                migrations.CreateModel(
                    name='Account',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('password', models.CharField(max_length=128, verbose_name='password')),
                        ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                        ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                        ('login', models.CharField(max_length=320, unique=True)),
                        ('kind', models.CharField(choices=[('person', 'Person'), ('shared', 'Shared'), ('room', 'Room'), ('equipment', 'Equipment')], default='person', max_length=16)),
                        ('name', models.CharField(blank=True, max_length=200)),
                        ('is_active', models.BooleanField(default=True)),
                        ('is_staff', models.BooleanField(default=False)),
                        ('credential_epoch', models.BigIntegerField(default=1)),
                        ('second_factor', models.BooleanField(default=False)),
                        ('created_at', models.DateTimeField()),
                        ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                        ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                        ('domain', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accounts', to='core.domain')),
                    ],
                    options={
                        'ordering': ['login'],
                    },
                ),
                migrations.CreateModel(
                    name='AccountState',
                    fields=[
                        ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='state', serialize=False, to=settings.AUTH_USER_MODEL)),
                        ('next_modseq', models.BigIntegerField(default=1)),
                        ('next_uid_validity', models.BigIntegerField()),
                        ('quota_bytes', models.BigIntegerField(default=0)),
                        ('bytes_used', models.BigIntegerField(default=0)),
                        ('items_used', models.BigIntegerField(default=0)),
                        ('tombstone_floor', models.BigIntegerField(default=0)),
                    ],
                ),
                migrations.CreateModel(
                    name='AppPassword',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.CharField(max_length=16, unique=True)),
                        ('secret_sha256', models.BinaryField(max_length=32)),
                        ('label', models.CharField(max_length=100)),
                        ('scopes', models.CharField(max_length=100)),
                        ('created_at', models.DateTimeField()),
                        ('revoked_at', models.DateTimeField(null=True)),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='app_passwords', to=settings.AUTH_USER_MODEL)),
                    ],
                ),
                migrations.CreateModel(
                    name='Blob',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('digest', models.BinaryField(max_length=32, unique=True)),
                        ('size', models.BigIntegerField()),
                        ('stored_size', models.BigIntegerField()),
                        ('location', models.CharField(max_length=200, unique=True)),
                        ('created_at', models.BigIntegerField()),
                    ],
                    options={
                        'indexes': [models.Index(fields=['created_at'], name='core_blob_created')],
                    },
                ),
                migrations.CreateModel(
                    name='Collection',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('mail', 'Mail'), ('calendars', 'Calendar'), ('addressbooks', 'Address Book')], max_length=16)),
                        ('name', models.CharField(max_length=1000)),
                        ('object_id', models.CharField(max_length=32, unique=True)),
                        ('uid_validity', models.BigIntegerField()),
                        ('uid_next', models.BigIntegerField(default=1)),
                        ('highest_modseq', models.BigIntegerField(default=1)),
                        ('created_modseq', models.BigIntegerField(default=1)),
                        ('changed_modseq', models.BigIntegerField(default=1)),
                        ('tombstone_floor', models.BigIntegerField(default=0)),
                        ('token_epoch', models.BigIntegerField(default=1)),
                        ('items', models.BigIntegerField(default=0)),
                        ('bytes', models.BigIntegerField(default=0)),
                        ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='collections', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('account', 'kind', 'name'), name='core_collection_name')],
                    },
                ),
                migrations.CreateModel(
                    name='CollectionTombstone',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(max_length=16)),
                        ('object_id', models.CharField(max_length=32)),
                        ('modseq', models.BigIntegerField()),
                        ('created_at', models.BigIntegerField()),
                        ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['account', 'modseq'], name='core_colltomb_modseq')],
                    },
                ),
                migrations.CreateModel(
                    name='Domain',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=253, unique=True)),
                        ('created_at', models.DateTimeField()),
                        ('alias_of', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='aliases', to='core.domain')),
                    ],
                    options={
                        'ordering': ['name'],
                    },
                ),
                migrations.CreateModel(
                    name='Address',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('local_part', models.CharField(blank=True, max_length=64)),
                        ('kind', models.CharField(choices=[('primary', 'Primary'), ('alias', 'Alias'), ('list', 'List'), ('catch-all', 'Catch All')], max_length=16)),
                        ('created_at', models.DateTimeField()),
                        ('domain', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='addresses', to='core.domain')),
                    ],
                    options={
                        'ordering': ['domain_id', 'local_part'],
                        'constraints': [models.UniqueConstraint(fields=('domain', 'local_part'), name='core_address_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='Group',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=320, unique=True)),
                        ('description', models.CharField(blank=True, max_length=200)),
                        ('created_at', models.DateTimeField()),
                        ('domain', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='groups', to='core.domain')),
                    ],
                    options={
                        'ordering': ['name'],
                    },
                ),
                migrations.CreateModel(
                    name='Grant',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('rights', models.CharField(blank=True, max_length=32)),
                        ('named_rights', models.CharField(blank=True, max_length=200)),
                        ('created_at', models.DateTimeField()),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='grants_given', to=settings.AUTH_USER_MODEL)),
                        ('collection', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='grants', to='core.collection')),
                        ('grantee_account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='grants_held', to=settings.AUTH_USER_MODEL)),
                        ('grantee_domain', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='grants_held', to='core.domain')),
                        ('grantee_group', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='grants_held', to='core.group')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('grantee_account__isnull', False), ('grantee_group__isnull', True), ('grantee_domain__isnull', True)), models.Q(('grantee_account__isnull', True), ('grantee_group__isnull', False), ('grantee_domain__isnull', True)), models.Q(('grantee_account__isnull', True), ('grantee_group__isnull', True), ('grantee_domain__isnull', False)), _connector='OR'), name='core_grant_one_grantee')],
                    },
                ),
                migrations.CreateModel(
                    name='AddressTarget',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('forward_to', models.CharField(blank=True, max_length=320)),
                        ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='address_targets', to=settings.AUTH_USER_MODEL)),
                        ('address', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='targets', to='core.address')),
                        ('group', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='address_targets', to='core.group')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('account__isnull', False), ('forward_to', ''), ('group__isnull', True)), models.Q(('account__isnull', True), ('forward_to', ''), ('group__isnull', False)), models.Q(('account__isnull', True), ('group__isnull', True), models.Q(('forward_to', ''), _negated=True)), _connector='OR'), name='core_target_one_of'), models.UniqueConstraint(fields=('address', 'account'), name='core_target_account_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='GroupMember',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                        ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='core.group')),
                        ('subgroup', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='core.group')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('group', 'account'), name='core_member_account'), models.UniqueConstraint(fields=('group', 'subgroup'), name='core_member_subgroup'), models.CheckConstraint(condition=models.Q(models.Q(('account__isnull', False), ('subgroup__isnull', True)), models.Q(('account__isnull', True), ('subgroup__isnull', False)), _connector='OR'), name='core_member_one_of')],
                    },
                ),
                migrations.CreateModel(
                    name='LoginThrottle',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('login', models.CharField(max_length=320)),
                        ('network', models.CharField(max_length=49)),
                        ('failures', models.IntegerField(default=0)),
                        ('last_secret_mac', models.BinaryField(max_length=16)),
                        ('last_failure_at', models.DateTimeField()),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('login', 'network'), name='core_throttle_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='OutboxRow',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('topic', models.CharField(max_length=64)),
                        ('payload', models.JSONField()),
                        ('created_at', models.BigIntegerField()),
                        ('run_after', models.BigIntegerField()),
                        ('attempts', models.IntegerField(default=0)),
                        ('last_error', models.CharField(blank=True, max_length=500)),
                        ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='outbox', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['run_after'], name='core_outbox_due')],
                    },
                ),
                migrations.CreateModel(
                    name='Tombstone',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('uid_first', models.BigIntegerField(default=0)),
                        ('uid_last', models.BigIntegerField(default=0)),
                        ('href', models.CharField(blank=True, max_length=255)),
                        ('modseq', models.BigIntegerField()),
                        ('created_at', models.BigIntegerField()),
                        ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                        ('collection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='core.collection')),
                        ('is_hidden', models.BooleanField(db_default=False, default=False)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['collection', 'modseq'], name='core_tombstone_modseq'), models.Index(fields=['created_at'], name='core_tombstone_age')],
                    },
                ),
                migrations.CreateModel(
                    name='LostModseqs',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('first', models.BigIntegerField()),
                        ('last', models.BigIntegerField()),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                    ],
                ),
                migrations.CreateModel(
                    name='BlobSpool',
                    fields=[
                        ('blob', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='core.blob')),
                        ('data', models.BinaryField()),
                    ],
                ),
                migrations.CreateModel(
                    name='Resource',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('modseq', models.BigIntegerField()),
                        ('created_modseq', models.BigIntegerField()),
                        ('size', models.BigIntegerField()),
                        ('href', models.CharField(max_length=255)),
                        ('ical_uid', models.TextField(null=True)),
                        ('component', models.CharField(max_length=16)),
                        ('etag', models.CharField(max_length=64)),
                        ('created_at', models.BigIntegerField()),
                        ('changed_at', models.BigIntegerField()),
                        ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                        ('collection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='core.collection')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['collection', 'modseq'], name='core_resource_modseq')],
                        'constraints': [models.UniqueConstraint(fields=('collection', 'href'), name='core_resource_href'), models.UniqueConstraint(fields=('collection', 'ical_uid'), name='core_resource_uid')],
                    },
                ),
                migrations.CreateModel(
                    name='ResourceData',
                    fields=[
                        ('resource', groupware.core.models.keys.RowKey(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='content', serialize=False, to='core.resource')),
                        ('data', models.BinaryField()),
                    ],
                ),
                migrations.CreateModel(
                    name='ResourceCollection',
                    fields=[
                        ('collection', groupware.core.models.keys.RowKey(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='face', serialize=False, to='core.collection')),
                        ('slug', models.CharField(max_length=255)),
                        ('role', models.CharField(blank=True, choices=[('', 'None'), ('default', 'Default'), ('tasks', 'Tasks'), ('birthdays', 'Birthdays'), ('subscribed', 'Subscribed')], max_length=16)),
                        ('display_name', models.CharField(blank=True, max_length=1000)),
                        ('description', models.TextField(blank=True)),
                        ('color', models.CharField(blank=True, max_length=64)),
                        ('position', models.IntegerField(default=-1)),
                        ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('account', 'slug'), name='core_face_slug')],
                    },
                ),
                migrations.CreateModel(
                    name='ReaderFace',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('display_name', models.CharField(blank=True, max_length=1000)),
                        ('color', models.CharField(blank=True, max_length=64)),
                        ('position', models.IntegerField(default=-1)),
                        ('collection', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reader_faces', to='core.collection')),
                        ('reader', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='reader_faces', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('reader', 'collection'), name='core_readerface_one')],
                    },
                ),
                migrations.CreateModel(
                    name='AccountPhoto',
                    fields=[
                        ('account', groupware.core.models.keys.RowKey(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='photo', serialize=False, to=settings.AUTH_USER_MODEL)),
                        ('media_type', models.CharField(max_length=40)),
                        ('etag', models.CharField(max_length=64)),
                        ('data', models.BinaryField()),
                    ],
                ),
                migrations.CreateModel(
                    name='QuotaWarning',
                    fields=[
                        ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to=settings.AUTH_USER_MODEL)),
                        ('percent', models.SmallIntegerField()),
                        ('is_told', models.BooleanField()),
                        ('noted_at', models.BigIntegerField()),
                    ],
                ),
                migrations.CreateModel(
                    name='DirectoryState',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('last_entry', models.BigIntegerField()),
                        ('floor', models.BigIntegerField(default=0)),
                    ],
                ),
                migrations.CreateModel(
                    name='AuditEntry',
                    fields=[
                        ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                        ('created_at', models.DateTimeField()),
                        ('actor_id', models.BigIntegerField(null=True)),
                        ('actor', models.CharField(max_length=320)),
                        ('role', models.CharField(blank=True, max_length=16)),
                        ('network', models.CharField(blank=True, max_length=64)),
                        ('action', models.CharField(max_length=64)),
                        ('target_kind', models.CharField(max_length=16)),
                        ('target_id', models.BigIntegerField(null=True)),
                        ('target', models.CharField(max_length=1320)),
                        ('domain_id', models.BigIntegerField(null=True)),
                        ('detail', models.JSONField(default=dict)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['domain_id', 'id'], name='core_audit_domain'), models.Index(fields=['target_kind', 'id'], name='core_audit_kind'), models.Index(fields=['actor_id', 'id'], name='core_audit_actor'), models.Index(fields=['created_at'], name='core_audit_age')],
                    },
                ),
                migrations.CreateModel(
                    name='AdminRole',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('role', models.CharField(choices=[('global', 'Global'), ('domain', 'Domain'), ('help-desk', 'Help Desk')], max_length=16)),
                        ('created_at', models.DateTimeField()),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='roles', to=settings.AUTH_USER_MODEL)),
                        ('domain', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='roles', to='core.domain')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('account', 'role', 'domain'), name='core_adminrole_unique'), models.UniqueConstraint(condition=models.Q(('domain__isnull', True)), fields=('account', 'role'), name='core_adminrole_everywhere'), models.CheckConstraint(condition=models.Q(models.Q(('domain__isnull', True), ('role', 'global')), models.Q(('domain__isnull', False), ('role', 'domain')), ('role', 'help-desk'), _connector='OR'), name='core_adminrole_place')],
                    },
                ),
            ],
        ),
    ]
