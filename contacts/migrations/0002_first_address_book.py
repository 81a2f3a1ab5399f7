import secrets

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def provide(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Give each account that is there the address book that a new one begins with."""
    state, collection, face = (
        apps.get_model("core", name)
        for name in ("AccountState", "Collection", "ResourceCollection")
    )
    for held in state.objects.select_for_update().order_by("pk"):
        made = collection.objects.create(
            account_id=held.pk,
            kind="addressbooks",
            name="Contacts",
            object_id=secrets.token_urlsafe(16),
            uid_validity=held.next_uid_validity,
            highest_modseq=held.next_modseq,
            created_modseq=held.next_modseq,
            changed_modseq=held.next_modseq,
            tombstone_floor=held.next_modseq,
        )
        face.objects.create(
            collection=made,
            account_id=held.pk,
            slug="contacts",
            role="default",
            display_name="Contacts",
        )
        held.next_modseq += 1
        held.next_uid_validity += 1
        held.save(update_fields=["next_modseq", "next_uid_validity"])


class Migration(migrations.Migration):

    dependencies = [("contacts", "0001_initial"), ("core", "0005_resources")]

    operations = [migrations.RunPython(provide, migrations.RunPython.noop)]
