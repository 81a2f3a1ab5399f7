"""`manage.py calendar …`: making calendars and public addresses, subscribing, searching."""

from argparse import ArgumentTypeError, Namespace

from calendar_app.queries import find_calendar, search_objects
from calendar_app.services.calendars import CalendarSettings, change_calendar, create_calendar
from calendar_app.services.subscriptions import refresh
from groupware.core import names
from groupware.core.directory import get_account
from groupware.core.errors import Invalid, NotFound
from groupware.core.models import Collection, CollectionKind
from groupware.core.resources.collections import Face
from groupware.management import calendars
from groupware.management.base import Answer, Subcommand, TableCommand, argument
from groupware.management.moments import parse_seconds
from groupware.management.tables import counted, printable, render_table

_CALENDAR = argument("calendar", metavar="CALENDAR", help="ADDRESS/calendars/NAME")
MOST_HITS = 500


def _parse_name(text: str) -> names.CollectionName:
    name = names.parse_collection_name(text)
    if name.kind != CollectionKind.CALENDAR:
        raise Invalid(f"{text} is no calendar: write ADDRESS/calendars/NAME.")
    return name


def _find(text: str) -> Collection:
    _parse_name(text)
    return names.get_collection(text)


def _subscribe(options: Namespace) -> Answer:
    """Make the calendar where it is missing, and fetch it for the first time."""
    name = _parse_name(options.calendar)
    account = get_account(name.address)
    settings = CalendarSettings(source=options.url, source_seconds=options.every)
    held = Collection.objects.filter(account=account, kind=name.kind, name=name.path).first()
    if held is None:
        collection_id = create_calendar(account.pk, Face(name.path), settings=settings)
    else:
        collection_id = held.pk
        change_calendar(account.pk, collection_id, Face(), settings)
    return _fetch(options.calendar, collection_id)


def _refresh(options: Namespace) -> Answer:
    return _fetch(options.calendar, _find(options.calendar).pk)


def _fetch(name: str, collection_id: int) -> Answer:
    changed = refresh(collection_id)
    info = find_calendar(collection_id)
    held = Collection.objects.filter(pk=collection_id).first()
    if info is None or held is None:
        raise NotFound(f"{name} was deleted just now.")
    data = {"calendar": name, "changed": changed, "items": held.items, "error": info.source_error}
    text = f"{printable(name)} holds {counted(held.items, 'event')} of {printable(info.source)}."
    return Answer(data, text, printable(info.source_error))


def _unsubscribe(options: Namespace) -> Answer:
    held = _find(options.calendar)
    info = find_calendar(held.pk)
    if info is None or not info.source:
        raise NotFound(f"{options.calendar} is no subscribed calendar.")
    change_calendar(held.account_id, held.pk, Face(), CalendarSettings(source=""))
    text = f"{printable(options.calendar)} is an ordinary calendar now, with all that it holds."
    return Answer({"calendar": options.calendar}, text)


def _search(options: Namespace) -> Answer:
    account = get_account(options.account)
    hits = search_objects(account.pk, " ".join(options.words), limit=MOST_HITS)
    places = {
        held.pk: names.name_of(held.account.login, held.kind, held.name)
        for held in Collection.objects.filter(
            pk__in={hit.collection_id for hit in hits}
        ).select_related("account")
    }
    data = [
        {
            "calendar": places[hit.collection_id],
            "href": hit.href,
            "component": hit.component,
            "uid": hit.ical_uid,
            "summary": hit.summary,
        }
        for hit in hits
        if hit.collection_id in places
    ]
    if not data:
        return Answer(data, "Nothing that the account may read has all of these words.")
    rows = [(str(row["summary"]), str(row["calendar"]), str(row["href"])) for row in data]
    return Answer(data, render_table(("summary", "calendar", "object"), rows))


def _interval(text: str) -> int:
    seconds = parse_seconds(text)
    if seconds is None:
        raise ArgumentTypeError(f"{text!r} is no length of time: write 30m, 12h, 3d or 2w")
    return seconds


class Command(TableCommand):
    """The calendars: those of accounts and those of the web, and what is in them."""

    help = "Create, list, delete and publish calendars, subscribe to others; search them."
    subcommands = (
        *calendars.SUBCOMMANDS,
        Subcommand(
            "subscribe",
            "let a calendar, made where it is missing, follow an address",
            _subscribe,
            (
                _CALENDAR,
                argument("url", metavar="URL", help="https://…, http://… or webcal://…"),
                argument(
                    "--every",
                    metavar="TIME",
                    type=_interval,
                    default=0,
                    help="how often it is fetched: 30m, 12h, 3d or 2w",
                ),
            ),
        ),
        Subcommand("refresh", "fetch a subscribed calendar now", _refresh, (_CALENDAR,)),
        Subcommand(
            "unsubscribe", "keep what it holds, and fetch no more", _unsubscribe, (_CALENDAR,)
        ),
        Subcommand(
            "search",
            "list events and tasks that an account may read and that have all the words",
            _search,
            (
                argument("account", metavar="ACCOUNT", help="an ADDRESS"),
                argument("words", metavar="WORD", nargs="+", help="a word, or a part of one"),
            ),
        ),
    )
