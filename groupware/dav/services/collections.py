"""Making calendars and address books as a client describes them."""

from calendar_app.services.calendars import USUAL_COMPONENTS, create_calendar
from contacts.services.addressbooks import create_address_book
from groupware.core import db
from groupware.core.models import CollectionKind
from groupware.dav.properties.wishes import Wishes
from groupware.dav.queries import Holder
from groupware.dav.services.properties import store_dead


def make_collection(account_id: int, kind: str, slug: str, wishes: Wishes) -> int:
    """Make a collection with all that is asked for, or nothing; return its id.

    Raises `AlreadyExists` for a slug that is taken, `Invalid`, `LimitExceeded`.
    """
    with db.write_transaction():
        if kind == CollectionKind.CALENDAR:
            collection_id = create_calendar(
                account_id,
                wishes.as_face(),
                slug=slug,
                components=wishes.components or USUAL_COMPONENTS,
                settings=wishes.as_settings(),
            )
        else:
            collection_id = create_address_book(account_id, wishes.as_face(), slug=slug)
        store_dead(Holder(account_id, collection_id), wishes.dead)
        return collection_id
