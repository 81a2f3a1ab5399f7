import secrets

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

FIRST = (
    ("Calendar", "calendar", "default", "VEVENT"),
    ("Tasks", "tasks", "tasks", "VTODO"),
    ("Birthdays", "birthdays", "birthdays", "VEVENT"),
)


def provide(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Give each account that is there the calendars that a new one begins with."""
    state = apps.get_model("core", "AccountState")
    for held in state.objects.select_for_update().order_by("pk"):
        for number, (name, slug, role, components) in enumerate(FIRST):
            _create(apps, held, number, name, slug, role, components)
        held.next_modseq += 1
        held.next_uid_validity += len(FIRST)
        held.save(update_fields=["next_modseq", "next_uid_validity"])


def _create(apps, held, number, name, slug, role, components):
    collection, face = (
        apps.get_model("core", model) for model in ("Collection", "ResourceCollection")
    )
    made = collection.objects.create(
        account_id=held.pk,
        kind="calendars",
        name=name,
        object_id=secrets.token_urlsafe(16),
        uid_validity=held.next_uid_validity + number,
        highest_modseq=held.next_modseq,
        created_modseq=held.next_modseq,
        changed_modseq=held.next_modseq,
        tombstone_floor=held.next_modseq,
    )
    face.objects.create(
        collection=made, account_id=held.pk, slug=slug, role=role, display_name=name
    )
    apps.get_model("calendar_app", "Calendar").objects.create(
        collection=made, components=components
    )


class Migration(migrations.Migration):

    dependencies = [("calendar_app", "0001_initial"), ("core", "0005_resources")]

    operations = [migrations.RunPython(provide, migrations.RunPython.noop)]
