"""CARDDAV:addressbook-query (RFC 6352 §8.6): the cards of an address book that a filter finds.

Hot: the index of folded texts takes away what cannot match; only what is left is read
(`contacts.queries`). Without a Depth header the cards are asked for: at depth 0 there are none.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from itertools import islice

from contacts.vcard.filters import Filter
from groupware.core import limits
from groupware.core.resources.queries import Stored
from groupware.dav.names import carddav
from groupware.dav.reports.answers import (
    add_truncation,
    data_of,
    room_of_an_answer,
    tell_stored,
)
from groupware.dav.reports.asked import parse_asked
from groupware.dav.reports.card_filters import parse_card_filter
from groupware.dav.reports.elements import read_limit
from groupware.dav.request import Request
from groupware.dav.resources import Kind, Resource
from groupware.dav.responses import Multistatus, Response


def handle(request: Request, place: Resource, root: ET.Element) -> Response:
    """Answer an addressbook-query; raises `DavError`."""
    asked = parse_asked(root, data_of(place, request))
    wanted = parse_card_filter(root)
    limit = read_limit(root, carddav("limit"), carddav("nresults"))
    most = min(limit or limits.DAV_RESULTS.value, limits.DAV_RESULTS.value)
    room = room_of_an_answer()
    told: list[Stored] = []
    answer = Multistatus()
    is_cut = False
    for stored in islice(_find(request, place, wanted), most + 1):
        is_cut = len(told) == most or room.is_full
        if is_cut:
            break
        told.append(stored)
        room.octets -= len(stored.data) if asked.has_data else 0
    tell_stored(answer, place, told, asked, request)
    if is_cut:
        add_truncation(answer, place)
    return answer.finish(headers=request.applied())


def _find(request: Request, place: Resource, wanted: Filter) -> Iterable[Stored]:
    """Return the cards that are found: below an address book, or the card itself."""
    if place.kind is Kind.OBJECT:
        return (found for found in place.members.query_cards(wanted) if found.href == place.segment)
    return () if request.depth("1") == "0" else place.members.query_cards(wanted)
