import django.db.models.deletion
import groupware.core.models.keys
from django.conf import settings
from django.db import migrations, models

from groupware.core.squashing import CreateModels


class Migration(migrations.Migration):

    replaces = [
        ('mail', '0001_initial'),
        ('mail', '0002_expungedmessage'),
        ('mail', '0003_reader_modseq'),
        ('mail', '0004_search_index'),
        ('mail', '0005_chunks'),
        ('mail', '0006_names_in_nfc'),
        ('mail', '0007_summary'),
        ('mail', '0008_is_reply'),
        ('mail', '0009_row_keys'),
        ('mail', '0010_flags_by_chunk'),
        ('mail', '0011_pop3'),
        ('mail', '0012_inbound_and_queue'),
        ('mail', '0013_inbound_attempts'),
        ('mail', '0014_lists_and_submission'),
        ('mail', '0015_retentionhold_retentionrule'),
        ('mail', '0016_dkim_keys'),
        ('mail', '0017_outside'),
        ('mail', '0018_queue_leases'),
        ('mail', '0019_sent_copy_submitter'),
        ('mail', '0020_kept_expansions'),
        ('mail', '0021_delay_warnings'),
        ('mail', '0022_identities'),
    ]

    initial = True

    dependencies = [
        ('core', '0009_quotawarning'),
    ]

    operations = [
        CreateModels(
            creations=[
                migrations.CreateModel(
                    name='Mailbox',
                    fields=[
                        ('collection', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='mailbox', serialize=False, to='core.collection')),
                        ('special_use', models.CharField(blank=True, choices=[('', 'None'), ('Archive', 'Archive'), ('Drafts', 'Drafts'), ('Junk', 'Junk'), ('Sent', 'Sent'), ('Trash', 'Trash')], max_length=16)),
                        ('selectable', models.BooleanField(default=True)),
                        ('unseen', models.BigIntegerField(default=0)),
                        ('deleted', models.BigIntegerField(default=0)),
                        ('keywords', models.TextField(blank=True)),
                    ],
                ),
                migrations.CreateModel(
                    name='Message',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('modseq', models.BigIntegerField()),
                        ('created_modseq', models.BigIntegerField()),
                        ('size', models.BigIntegerField()),
                        ('uid', models.BigIntegerField()),
                        ('keywords', models.TextField(blank=True)),
                        ('prefix_size', models.IntegerField(default=0)),
                        ('internal_date', models.BigIntegerField()),
                        ('internal_zone', models.SmallIntegerField(default=0)),
                        ('saved_at', models.BigIntegerField()),
                        ('email_id', models.BigIntegerField()),
                        ('thread_id', models.BigIntegerField()),
                        ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                        ('blob', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='core.blob')),
                        ('collection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='core.collection')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('collection', 'uid'), name='mail_message_uid')],
                    },
                ),
                migrations.CreateModel(
                    name='MessageContent',
                    fields=[
                        ('blob', groupware.core.models.keys.RowKey(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='core.blob')),
                        ('index_version', models.SmallIntegerField()),
                        ('header_size', models.BigIntegerField()),
                        ('envelope', models.BinaryField()),
                        ('bodystructure', models.BinaryField()),
                        ('parts', models.BinaryField()),
                        ('header_fields', models.BinaryField()),
                        ('sent_at', models.BigIntegerField(null=True)),
                        ('base_subject', models.TextField(blank=True)),
                        ('message_id', models.TextField(blank=True)),
                        ('references', models.TextField(blank=True)),
                        ('preview', models.CharField(blank=True, max_length=256)),
                        ('summary', models.BinaryField()),
                        ('is_reply', models.BooleanField(default=False)),
                    ],
                ),
                migrations.CreateModel(
                    name='MessagePrefix',
                    fields=[
                        ('message', groupware.core.models.keys.RowKey(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='prefix', serialize=False, to='mail.message')),
                        ('data', models.BinaryField()),
                    ],
                ),
                migrations.CreateModel(
                    name='MessageReader',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('uid', models.BigIntegerField()),
                        ('seen', models.BooleanField()),
                        ('modseq', models.BigIntegerField()),
                        ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                        ('collection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='core.collection')),
                        ('reader', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='read_messages', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['collection', 'reader', 'modseq', 'seen'], name='mail_reader_modseq')],
                        'constraints': [models.UniqueConstraint(fields=('collection', 'reader', 'uid'), name='mail_reader_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='Subscription',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=1000)),
                        ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('account', 'name'), name='mail_subscription_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='ThreadReference',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('message_id_hash', models.BigIntegerField()),
                        ('thread_id', models.BigIntegerField()),
                        ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('account', 'message_id_hash'), name='mail_threadref_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='ExpungedMessage',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('mailbox_id', models.BigIntegerField()),
                        ('mailbox', models.CharField(max_length=1000)),
                        ('uid', models.BigIntegerField()),
                        ('size', models.BigIntegerField()),
                        ('flags', models.IntegerField()),
                        ('keywords', models.TextField(blank=True)),
                        ('prefix', models.BinaryField(null=True)),
                        ('internal_date', models.BigIntegerField()),
                        ('internal_zone', models.SmallIntegerField()),
                        ('email_id', models.BigIntegerField()),
                        ('thread_id', models.BigIntegerField()),
                        ('expunged_at', models.BigIntegerField()),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                        ('blob', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='core.blob')),
                    ],
                ),
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
                        ('blob', groupware.core.models.keys.RowKey(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='core.blob')),
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
                migrations.CreateModel(
                    name='MessageChunk',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                        ('collection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='core.collection')),
                        ('chunk', models.BigIntegerField()),
                        ('modseq', models.BigIntegerField()),
                        ('all_modseq', models.BigIntegerField()),
                        ('flags', models.CharField(max_length=256)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('collection', 'chunk'), name='mail_chunk_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='Pop3Policy',
                    fields=[
                        ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to=settings.AUTH_USER_MODEL)),
                        ('action', models.CharField(choices=[('delete', 'Delete'), ('trash', 'Trash'), ('hide', 'Hide')], max_length=8)),
                        ('hide_days', models.IntegerField()),
                        ('marks_seen', models.BooleanField()),
                    ],
                ),
                migrations.CreateModel(
                    name='Pop3Hidden',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('credential', models.BigIntegerField()),
                        ('uid', models.BigIntegerField()),
                        ('hidden_until', models.BigIntegerField()),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                        ('collection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='core.collection')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('collection', 'credential', 'uid'), name='mail_pop3hidden_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='Pop3Login',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('credential', models.BigIntegerField()),
                        ('logged_in_at', models.BigIntegerField()),
                        ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('account', 'credential'), name='mail_pop3login_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='Inbound',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('prefix', models.BinaryField()),
                        ('mail_from', models.CharField(blank=True, max_length=1100)),
                        ('ret', models.CharField(blank=True, max_length=4)),
                        ('envid', models.CharField(blank=True, max_length=100)),
                        ('is_8bit', models.BooleanField()),
                        ('is_utf8', models.BooleanField()),
                        ('is_trusted', models.BooleanField()),
                        ('is_junk', models.BooleanField()),
                        ('received_at', models.BigIntegerField()),
                        ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('blob', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.blob')),
                        ('attempts', models.IntegerField(default=0)),
                        ('last_error', models.CharField(blank=True, max_length=500)),
                        ('next_attempt_at', models.BigIntegerField(db_index=True, default=0)),
                    ],
                ),
                migrations.CreateModel(
                    name='InboundRecipient',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('address', models.CharField(max_length=1100)),
                        ('notify', models.CharField(blank=True, max_length=32)),
                        ('orcpt', models.CharField(blank=True, max_length=1100)),
                        ('inbound', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recipients', to='mail.inbound')),
                        ('is_relayed', models.BooleanField(default=False)),
                        ('expansion', models.TextField(blank=True, db_default='')),
                        ('was_warned', models.BooleanField(db_default=False)),
                    ],
                ),
                migrations.CreateModel(
                    name='QueuedMessage',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('prefix', models.BinaryField()),
                        ('mail_from', models.CharField(blank=True, max_length=1100)),
                        ('ret', models.CharField(blank=True, max_length=4)),
                        ('envid', models.CharField(blank=True, max_length=100)),
                        ('is_8bit', models.BooleanField()),
                        ('is_utf8', models.BooleanField()),
                        ('inbound', models.BigIntegerField()),
                        ('source', models.CharField(blank=True, max_length=1100)),
                        ('created_at', models.BigIntegerField()),
                        ('expires_at', models.BigIntegerField()),
                        ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('blob', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.blob')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('inbound', 'source'), name='mail_queued_once')],
                    },
                ),
                migrations.CreateModel(
                    name='QueuedRecipient',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('address', models.CharField(max_length=1100)),
                        ('destination', models.CharField(max_length=255)),
                        ('notify', models.CharField(blank=True, max_length=32)),
                        ('orcpt', models.CharField(blank=True, max_length=1100)),
                        ('is_held', models.BooleanField(default=False)),
                        ('was_warned', models.BooleanField(default=False)),
                        ('attempts', models.IntegerField(default=0)),
                        ('next_attempt_at', models.BigIntegerField()),
                        ('last_attempt_at', models.BigIntegerField(default=0)),
                        ('code', models.SmallIntegerField(default=0)),
                        ('status', models.CharField(blank=True, max_length=16)),
                        ('reply', models.CharField(blank=True, max_length=500)),
                        ('host', models.CharField(blank=True, max_length=255)),
                        ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recipients', to='mail.queuedmessage')),
                        ('leased_until', models.BigIntegerField(default=0)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['is_held', 'next_attempt_at'], name='mail_queue_due'), models.Index(fields=['destination'], name='mail_queue_destination')],
                    },
                ),
                migrations.CreateModel(
                    name='InboundDelivery',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('inbound', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='mail.inbound')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('inbound', 'account'), name='mail_inbound_once')],
                    },
                ),
                migrations.CreateModel(
                    name='SentCopyPolicy',
                    fields=[
                        ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to=settings.AUTH_USER_MODEL)),
                        ('is_on', models.BooleanField()),
                    ],
                ),
                migrations.CreateModel(
                    name='ListPolicy',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('post', models.CharField(choices=[('anyone', 'Anyone'), ('domain', 'Domain'), ('members', 'Members'), ('moderators', 'Moderators')], default='anyone', max_length=16)),
                        ('address', models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='list_policy', to='core.address')),
                        ('group', models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='list_policy', to='core.group')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('address__isnull', True), ('group__isnull', False)), models.Q(('address__isnull', False), ('group__isnull', True)), _connector='OR'), name='mail_listpolicy_one_of')],
                    },
                ),
                migrations.CreateModel(
                    name='ListPartner',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('part', models.CharField(choices=[('owner', 'Owner'), ('moderator', 'Moderator'), ('sender', 'Sender')], max_length=16)),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('policy', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='partners', to='mail.listpolicy')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('policy', 'part', 'account'), name='mail_listpartner_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='SentCopy',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('uid', models.BigIntegerField()),
                        ('message_id', models.TextField()),
                        ('filed_at', models.BigIntegerField()),
                        ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                        ('collection', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='core.collection')),
                        ('submitter', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['account', 'filed_at'], name='mail_sentcopy_account'), models.Index(fields=['filed_at'], name='mail_sentcopy_filed_at')],
                    },
                ),
                migrations.CreateModel(
                    name='SubmissionUse',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('minute', models.BigIntegerField()),
                        ('messages', models.IntegerField()),
                        ('recipients', models.IntegerField()),
                        ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['minute'], name='mail_submissionuse_minute')],
                        'constraints': [models.UniqueConstraint(fields=('account', 'minute'), name='mail_submissionuse_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='RetentionHold',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('mailbox_id', models.BigIntegerField(default=0)),
                        ('mailbox', models.CharField(blank=True, max_length=1000)),
                        ('reason', models.CharField(blank=True, max_length=200)),
                        ('created_at', models.BigIntegerField()),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('account', 'mailbox_id'), name='mail_hold_once')],
                    },
                ),
                migrations.CreateModel(
                    name='RetentionRule',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('use', models.CharField(blank=True, max_length=16)),
                        ('days', models.IntegerField()),
                        ('action', models.CharField(choices=[('archive', 'Archive'), ('trash', 'Trash'), ('delete', 'Delete'), ('keep', 'Keep')], max_length=8)),
                        ('age', models.CharField(choices=[('received', 'Received'), ('arrived', 'Arrived')], max_length=8)),
                        ('spares_flagged', models.BooleanField()),
                        ('run_at', models.BigIntegerField(default=0)),
                        ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('collection', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='core.collection')),
                        ('domain', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='core.domain')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('collection__isnull', False)), fields=('collection',), name='mail_retention_mailbox'), models.UniqueConstraint(condition=models.Q(('account__isnull', False), ('collection__isnull', True)), fields=('account', 'use'), name='mail_retention_account'), models.UniqueConstraint(condition=models.Q(('domain__isnull', False)), fields=('domain', 'use'), name='mail_retention_domain'), models.UniqueConstraint(condition=models.Q(('account__isnull', True), ('domain__isnull', True)), fields=('use',), name='mail_retention_all')],
                    },
                ),
                migrations.CreateModel(
                    name='DkimKey',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('selector', models.CharField(max_length=63)),
                        ('algorithm', models.CharField(max_length=8)),
                        ('private_key', models.BinaryField()),
                        ('state', models.CharField(choices=[('waiting', 'Waiting'), ('active', 'Active'), ('retired', 'Retired')], max_length=8)),
                        ('created_at', models.BigIntegerField()),
                        ('domain', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='core.domain')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('domain', 'selector'), name='mail_dkim_selector')],
                    },
                ),
                migrations.CreateModel(
                    name='OutsideAccount',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=200)),
                        ('protocol', models.CharField(choices=[('imap', 'Imap'), ('pop3', 'Pop3')], max_length=8)),
                        ('host', models.CharField(max_length=253)),
                        ('port', models.IntegerField()),
                        ('tls', models.CharField(choices=[('implicit', 'Implicit'), ('starttls', 'Starttls'), ('none', 'None')], max_length=8)),
                        ('user', models.CharField(max_length=320)),
                        ('secret', models.BinaryField()),
                        ('after', models.CharField(choices=[('leave', 'Leave'), ('seen', 'Seen'), ('delete', 'Delete')], max_length=8)),
                        ('delete_days', models.IntegerField(default=0)),
                        ('seconds', models.IntegerField()),
                        ('state', models.CharField(choices=[('active', 'Active'), ('paused', 'Paused'), ('stopped', 'Stopped')], max_length=8)),
                        ('created_at', models.BigIntegerField()),
                        ('next_at', models.BigIntegerField()),
                        ('leased_until', models.BigIntegerField(default=0)),
                        ('last_at', models.BigIntegerField(default=0)),
                        ('failed_since', models.BigIntegerField(default=0)),
                        ('failures', models.IntegerField(default=0)),
                        ('refusals', models.IntegerField(default=0)),
                        ('was_told', models.BooleanField(default=False)),
                        ('outcome', models.CharField(blank=True, max_length=500)),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['state', 'next_at'], name='mail_outside_due')],
                        'constraints': [models.UniqueConstraint(fields=('account', 'name'), name='mail_outside_name')],
                    },
                ),
                migrations.CreateModel(
                    name='OutsideMailbox',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=1000)),
                        ('path', models.CharField(blank=True, max_length=1000)),
                        ('is_fetched', models.BooleanField(default=True)),
                        ('outside', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='mailboxes', to='mail.outsideaccount')),
                        ('target', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='core.collection')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('outside', 'name'), name='mail_outside_mailbox')],
                    },
                ),
                migrations.CreateModel(
                    name='OutsideMessage',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('uid_validity', models.BigIntegerField(default=0)),
                        ('uid', models.BigIntegerField(default=0)),
                        ('uidl', models.CharField(blank=True, max_length=255)),
                        ('digest', models.BinaryField(max_length=32)),
                        ('size', models.BigIntegerField()),
                        ('fetched_at', models.BigIntegerField()),
                        ('attempts', models.SmallIntegerField(default=0)),
                        ('done', models.SmallIntegerField(default=0)),
                        ('problem', models.CharField(blank=True, max_length=200)),
                        ('mailbox', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='mail.outsidemailbox')),
                        ('outside', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='mail.outsideaccount')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['outside', 'digest'], name='mail_outside_digest')],
                        'constraints': [models.UniqueConstraint(fields=('mailbox', 'uid_validity', 'uid', 'uidl'), name='mail_outside_once')],
                    },
                ),
                migrations.CreateModel(
                    name='OutsideSender',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('address', models.CharField(max_length=320)),
                        ('host', models.CharField(max_length=253)),
                        ('port', models.IntegerField()),
                        ('tls', models.CharField(choices=[('implicit', 'Implicit'), ('starttls', 'Starttls'), ('none', 'None')], max_length=8)),
                        ('user', models.CharField(max_length=320)),
                        ('secret', models.BinaryField()),
                        ('created_at', models.BigIntegerField()),
                        ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('account', 'address'), name='mail_outside_sender')],
                    },
                ),
                migrations.CreateModel(
                    name='TransportPolicy',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('domain', models.CharField(max_length=255, unique=True)),
                        ('policy_id', models.CharField(blank=True, max_length=32)),
                        ('mode', models.CharField(blank=True, max_length=8)),
                        ('mx', models.TextField(blank=True)),
                        ('fetched_at', models.BigIntegerField(default=0)),
                        ('checked_at', models.BigIntegerField(default=0)),
                        ('expires_at', models.BigIntegerField(default=0)),
                    ],
                ),
                migrations.CreateModel(
                    name='Identity',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('address', models.CharField(max_length=320)),
                        ('name', models.CharField(blank=True, max_length=200)),
                        ('reply_to', models.CharField(blank=True, max_length=320)),
                        ('signature_text', models.TextField(blank=True)),
                        ('signature_html', models.TextField(blank=True)),
                        ('is_default', models.BooleanField(default=False)),
                        ('modseq', models.BigIntegerField()),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('account',), name='mail_identity_one_default')],
                    },
                ),
            ],
        ),
    ]
