"""What calendars add to the kernel: provisioner, moves, checks, import and export.

And to contacts, whose birthdays they show.
"""

from functools import partial

from calendar_app.checks import check_calendars
from calendar_app.services.birthdays import follow_cards
from calendar_app.services.calendars import create_default_calendars
from calendar_app.services.placing import WRITER
from calendar_app.transfer import importing
from calendar_app.transfer.exporting import export_calendars
from contacts.services import hooks
from groupware.core import doctor, exchange, provisioning
from groupware.core.exchange import Exporter, Importer
from groupware.core.models import CollectionKind
from groupware.core.resources import moving
from groupware.core.resources.importing import import_files


def register() -> None:
    """Register everything once, when the app is ready."""
    provisioning.register(create_default_calendars)
    moving.register(WRITER)
    doctor.register(check_calendars)
    hooks.on_change(follow_cards)
    text = "a file of events and tasks, or a directory of them"
    importer = partial(import_files, importing.FORMAT)
    exchange.register_importer(Importer("ics", CollectionKind.CALENDAR, text, importer))
    exchange.register_exporter(Exporter(CollectionKind.CALENDAR, "calendars", export_calendars))
