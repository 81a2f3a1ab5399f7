"""`calendar create|list|delete|link|unlink`: calendars, and their public addresses."""

from argparse import Namespace

from calendar_app.queries import find_calendar
from calendar_app.services.calendars import (
    COMPONENTS,
    USUAL_COMPONENTS,
    create_calendar,
    delete_calendar,
)
from calendar_app.services.links import create_link, remove_link, url_of
from groupware.core import names
from groupware.core.directory import get_account
from groupware.core.models import CollectionKind
from groupware.core.resources.collections import Face
from groupware.core.resources.queries import CollectionInfo
from groupware.management.base import Answer, Subcommand, argument
from groupware.management.collections import (
    ACCOUNT,
    collection_argument,
    deleted,
    describe,
    find,
    list_of,
    new_name,
)

_KIND = CollectionKind.CALENDAR.value


def create(options: Namespace) -> Answer:
    """Create a calendar."""
    owner, name = new_name(options.collection, _KIND)
    face = Face(display_name=name, description=options.description, color=options.color)
    components = options.components or USUAL_COMPONENTS
    created = create_calendar(owner.pk, face, components=components)
    data = describe(owner, created, _more)
    return Answer(data, f"Created {data['collection']}.")


def list_all(options: Namespace) -> Answer:
    """List the calendars of an account."""
    return list_of(get_account(options.account), _KIND, _more)


def delete(options: Namespace) -> Answer:
    """Delete a calendar with everything in it."""
    held = find(options.collection, _KIND)
    delete_calendar(held.account_id, held.pk)
    return deleted(held)


def link(options: Namespace) -> Answer:
    """Make a public address."""
    held = find(options.collection, _KIND)
    url = url_of(create_link(held.account_id, held.pk))
    name = names.name_of(held.account.login, held.kind, held.name)
    text = (
        f"Whoever has this address reads {name}, but for what is private:\n{url}\n"
        f"It is shown this once; `calendar unlink {name}` takes it back."
    )
    return Answer({"collection": name, "url": url}, text)


def unlink(options: Namespace) -> Answer:
    """Take the public address back."""
    held = find(options.collection, _KIND)
    remove_link(held.account_id, held.pk)
    name = names.name_of(held.account.login, held.kind, held.name)
    return Answer({"collection": name, "url": None}, f"{name} has no public address any more.")


def _more(info: CollectionInfo) -> dict[str, object]:
    held = find_calendar(info.collection_id)
    return {
        "components": list(held.components) if held else [],
        "public": held is not None and held.has_link,
    }


CALENDAR = collection_argument("ADDRESS/calendars/NAME")
COMPONENT = argument(
    "--components", metavar="KIND", nargs="+", type=str.upper, choices=COMPONENTS,
    help=f"what it takes, of {', '.join(COMPONENTS)}",
)  # fmt: skip
COLOR = argument("--color", metavar="#RRGGBB", help="the colour that programs show it in")
DESCRIPTION = argument("--description", metavar="TEXT", help="what it is for")


SUBCOMMANDS = (
    Subcommand("create", "create a calendar", create, (CALENDAR, COMPONENT, COLOR, DESCRIPTION)),
    Subcommand("list", "list the calendars of an account", list_all, (ACCOUNT,)),
    Subcommand("delete", "delete a calendar with everything in it", delete, (CALENDAR,)),
    Subcommand("link", "make a public, read-only address of it", link, (CALENDAR,)),
    Subcommand("unlink", "take its public address back", unlink, (CALENDAR,)),
)
