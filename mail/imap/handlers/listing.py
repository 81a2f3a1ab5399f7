"""Commands that tell of mailboxes that are not open: LIST, LSUB, STATUS."""

from collections.abc import Iterable
from functools import partial

from groupware.core import aio
from groupware.core.errors import NotFound
from groupware.core.rights import with_obsolete
from mail import queries
from mail.imap import responses
from mail.imap.errors import Outcome, bad, ok
from mail.imap.listing import Held, Listing, Returned, Selection, Told
from mail.imap.patterns import Patterns
from mail.imap.requests import List, Lsub, Status, StatusItem
from mail.imap.responses import Spell, mailbox
from mail.imap.session import Session
from mail.imap.status import StatusReader
from mail.places import Place, find_place, list_places

_NONSELECTABLE = "\\Noselect"
_ROOT = responses.listing("LIST", [_NONSELECTABLE], "")


async def list_mailboxes(session: Session, request: List) -> Outcome:
    """LIST (RFC 3501 §6.3.8, RFC 5258), also with STATUS (RFC 5819) and MYRIGHTS (RFC 8440)."""
    if not request.extended and request.patterns == ("",):
        # A question for the delimiter; the root of the reference is empty here.
        session.write(_ROOT)
        return ok("Listed.")
    try:
        patterns = Patterns(request.reference, request.patterns)
    except ValueError as error:
        return bad(str(error))
    reader = StatusReader(request.status, session.shared.limits.message_limit)
    render = partial(render_list, spell=session.spell)
    listed = await aio.read(render, session.account_id, request, patterns, reader)
    if StatusItem.HIGHESTMODSEQ in request.status:
        session.enable_condstore()
    session.write(listed)
    return ok("Listed.")


def render_list(
    account_id: int,
    request: List,
    patterns: Patterns,
    reader: StatusReader,
    *,
    spell: Spell = mailbox,
) -> bytes:
    """Return the LIST responses of the names that are chosen, each with what else is asked for.

    Hot for clients that ask for all mailboxes each minute: a fixed number of queries, however
    many there are.
    """
    places = {place.name: place for place in list_places(account_id)}
    told = _choose(account_id, request, patterns, places.values())
    asked = _places_of_status(told, places) if request.status else {}
    reader.look(list(asked.values()))
    lines = []
    for one in told:
        lines.append(_line(one, spell, extended=request.extended))
        if Returned.MYRIGHTS in request.returned and one.meets and one.name in places:
            letters = with_obsolete(places[one.name].rights)
            lines.append(responses.my_rights(one.name, letters, spell=spell))
        if one.name in asked:
            values = reader.values(asked[one.name])
            lines.append(responses.status(one.name, values, spell=spell))
    return b"".join(lines)


def _choose(
    account_id: int, request: List, patterns: Patterns, places: Iterable[Place]
) -> list[Told]:
    with_subscribed = Returned.SUBSCRIBED in request.returned
    subscribed: set[str] = set()
    if with_subscribed or Selection.SUBSCRIBED in request.selection:
        subscribed.update(queries.list_subscriptions(account_id))
    held = list(map(_held, places))
    listing = Listing(held, subscribed, request.selection, with_subscribed=with_subscribed)
    return listing.choose(patterns.matches)


def _held(place: Place) -> Held:
    """Return a mailbox as LIST looks at it; what another uses it for is not its use here."""
    special_use = "" if place.reader_id else place.info.special_use
    return Held(place.name, place.info.selectable and "r" in place.rights, special_use)


def _places_of_status(told: list[Told], places: dict[str, Place]) -> dict[str, Place]:
    """Return the mailboxes whose STATUS goes with a LIST response (RFC 5819 §2)."""
    chosen = [places[one.name] for one in told if one.meets and one.name in places]
    return {place.name: place for place in chosen if _held(place).selectable}


def _line(told: Told, spell: Spell, *, extended: bool) -> bytes:
    attributes = told.attributes
    if not extended and attributes[0] == "\\NonExistent":
        # Who does not know the one, knows the other.
        attributes = (_NONSELECTABLE, *attributes)
    item = responses.CHILD_INFO if told.child_info else b""
    return responses.listing("LIST", attributes, told.name, extended=item, spell=spell)


def render_selected(account_id: int, name: str, old_name: str, spell: Spell) -> bytes:
    """Return the LIST response of a mailbox that is opened (RFC 9051 §6.3.2).

    `old_name` is what the client called it where that is another name, and otherwise empty.
    """
    listing = Listing([_held(place) for place in list_places(account_id)], ())
    told = listing.choose(lambda listed: listed == name)
    attributes = told[0].attributes if told else ()  # it may be read that may not be listed
    item = responses.old_name(old_name, spell) if old_name else b""
    return responses.listing("LIST", attributes, name, extended=item, spell=spell)


async def list_subscribed(session: Session, request: Lsub) -> Outcome:
    """LSUB (RFC 3501 §6.3.9)."""
    if not request.pattern:
        session.write(_ROOT.replace(b"LIST", b"LSUB", 1))
        return ok("Listed.")
    try:
        patterns = Patterns(request.reference, [request.pattern])
    except ValueError as error:
        return bad(str(error))
    session.write(await aio.read(render_subscribed, session.account_id, patterns, session.spell))
    return ok("Listed.")


def render_subscribed(account_id: int, patterns: Patterns, spell: Spell = mailbox) -> bytes:
    r"""Return the LSUB responses of the names that match, whether or not there is a mailbox.

    A name above a subscribed one that the pattern stops short of is told with `\Noselect`.
    """
    subscribed = queries.list_subscriptions(account_id)
    selection = (Selection.SUBSCRIBED, Selection.RECURSIVEMATCH)
    return b"".join(
        responses.listing("LSUB", () if told.meets else (_NONSELECTABLE,), told.name, spell=spell)
        for told in Listing((), subscribed, selection).choose(patterns.matches)
    )


async def status(session: Session, request: Status) -> Outcome:
    """STATUS (RFC 3501 §6.3.10); asking for HIGHESTMODSEQ enables CONDSTORE (RFC 7162 §3.1)."""
    reader = StatusReader(request.items, session.shared.limits.message_limit)
    told = await aio.read(render_status, session.account_id, request, reader, session.spell)
    if StatusItem.HIGHESTMODSEQ in request.items:
        session.enable_condstore()
    session.write(told)
    return ok("That is the status.")


def render_status(
    account_id: int, request: Status, reader: StatusReader, spell: Spell = mailbox
) -> bytes:
    """Return the STATUS response; raises `NotFound` also where it cannot be selected."""
    place = find_place(account_id, request.mailbox)
    place.require("r")
    if not place.info.selectable:
        raise NotFound("The mailbox cannot be selected.")
    reader.look([place])
    return responses.status(request.mailbox, reader.values(place), spell=spell)
