"""DAV:sync-collection (RFC 6578): what happened in a collection since a client's last look.

Taken though the RFC asks for Depth 0: Depth 1, which older clients send with the same meaning.
Hot: costs by what changed; the first report of entity tags alone is one query and one template.
"""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from groupware.core import limits
from groupware.core.resources.queries import ChangedHref
from groupware.core.synctokens import SyncPoint
from groupware.dav.door import note_told
from groupware.dav.errors import DavError
from groupware.dav.names import dav, element
from groupware.dav.reports.answers import (
    add_truncation,
    data_of,
    is_template,
    tell_rows,
    tell_stored,
    too_many,
)
from groupware.dav.reports.asked import Asked, parse_asked
from groupware.dav.reports.elements import read_limit
from groupware.dav.request import INFINITY, Request
from groupware.dav.resources import Resource
from groupware.dav.responses import Multistatus, Response, quote_segment
from groupware.dav.telling import ETAGS, base_of, needs_etags_alone

_VALID_TOKEN: Final = dav("valid-sync-token")
_TRAVERSAL: Final = dav("sync-traversal-supported")


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is told now, what a client knows then, and whether there is more."""

    rows: Sequence[ChangedHref]
    known: SyncPoint
    is_cut: bool = False


def handle(request: Request, place: Resource, root: ET.Element) -> Response:
    """Answer a sync-collection report; raises `DavError`."""
    _check_level(request, root)
    asked = parse_asked(root, data_of(place, request))
    limit = read_limit(root, dav("limit"), dav("nresults"))
    token = root.findtext(dav("sync-token"))
    if token is None:
        raise DavError(400, "DAV:sync-collection holds a DAV:sync-token, an empty one at first.")
    answer = Multistatus()
    if not token.strip() and limit is None and _is_quick(place, asked):
        tell_rows(answer, place, place.members.etags(), asked, request, shape=ETAGS)
        known, modseq = place.members.sync_token(), place.members.now()
    else:
        piece = _find_piece(place, token.strip(), asked, limit)
        _tell(answer, place, piece.rows, asked, request)
        if piece.is_cut:
            add_truncation(answer, place)
        known, modseq = place.members.token_at(*piece.known), piece.known.modseq
    _note(request, place, modseq)
    return answer.finish(element(dav("sync-token"), known.encode()), request.applied())


def _note(request: Request, place: Resource, modseq: int) -> None:
    """Note up to where the client knows what is its own (`groupware.core.devices`)."""
    info = place.info
    if info is not None and info.account_id == request.account_id and place.members.is_whole:
        note_told(request.environ, request.principal, info.collection_id, modseq)


def _is_quick(place: Resource, asked: Asked) -> bool:
    """Tell whether a first report is the entity tags of all members, in any order."""
    assert place.info is not None
    return (
        place.info.items <= limits.DAV_RESULTS.value
        and not asked.has_data
        and is_template(asked)
        and needs_etags_alone(asked.names)
    )


def _check_level(request: Request, root: ET.Element) -> None:
    if request.depth("0") == INFINITY:
        raise DavError(400, "A sync-collection report has Depth 0 (RFC 6578 §3.2).")
    level = root.findtext(dav("sync-level"))
    # Clients of a draft send none, and Depth 1 (RFC 6578, Appendix A).
    level = "1" if level is None else level.strip()
    if level in {"infinite", INFINITY}:
        raise DavError(403, "Ask with sync-level 1: there is nothing deeper here.", _TRAVERSAL)
    if level != "1":
        raise DavError(400, "The sync-level is 1 or infinite.")


def _find_piece(place: Resource, token: str, asked: Asked, limit: int | None) -> _Piece:
    members = place.members
    now = members.now()
    since = SyncPoint(0, now) if not token else members.since(token)
    if since is None:
        text = (
            "The sync-token is not of this collection, or too old: synchronize from an empty one."
        )
        raise DavError(403, text, _VALID_TOKEN)
    most = min(limit or limits.DAV_RESULTS.value, limits.DAV_RESULTS.value)
    rows = members.changes(since, most)
    if len(rows) > most:
        raise too_many(f"One change concerns {len(rows)} members: ask for as many.")
    if asked.has_data:
        rows = _cut_to_room(rows)
    last = SyncPoint(rows[-1].modseq, since.base) if rows else since
    if rows and last.modseq < now and members.changes(last, 1):
        return _Piece(rows, last, is_cut=True)
    return _Piece(rows, SyncPoint(now, now))


def _cut_to_room(rows: list[ChangedHref]) -> list[ChangedHref]:
    """Return the first rows, whose data an answer has room for, and at least one change."""
    left = limits.DAV_ANSWER.value
    for index, row in enumerate(rows):
        left -= row.size
        if left < 0 and row.modseq > rows[0].modseq:
            return [held for held in rows[:index] if held.modseq < row.modseq]
    return rows


def _tell(
    answer: Multistatus,
    place: Resource,
    rows: Sequence[ChangedHref],
    asked: Asked,
    request: Request,
) -> None:
    """Add what changed, then what went."""
    base, members = base_of(place), place.members
    hrefs = [row.href for row in rows if row.etag is not None]
    if asked.has_data:
        found = members.read_many(hrefs)
        tell_stored(answer, place, list(found.values()), asked, request)
    elif is_template(asked) and needs_etags_alone(asked.names):
        etags = [(row.href, row.etag) for row in rows if row.etag is not None]
        tell_rows(answer, place, etags, asked, request, shape=ETAGS)
    else:
        tell_rows(answer, place, list(members.find_many(hrefs).values()), asked, request)
    for row in rows:
        if row.etag is None:
            answer.add_status(base + quote_segment(row.href), HTTPStatus.NOT_FOUND)
