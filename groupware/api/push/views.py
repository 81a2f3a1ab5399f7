"""The door of the stream: who listens is found out like for any request, on a thread.

What follows needs none: the answer carries the listener to the event loop (`groupware.serve.front`),
which keeps the stream open.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from groupware.api.push.positions import read_positions
from groupware.api.push.streams import Listener
from groupware.core.auth import Principal
from groupware.core.models import CollectionKind
from groupware.core.proxies import client_address
from groupware.rest.authentication import SessionAuthentication
from groupware.rest.permissions import holds
from groupware.rest.views import ApiView

KINDS: Final = {
    "mail:read": CollectionKind.MAIL.value,
    "calendars:read": CollectionKind.CALENDAR.value,
    "contacts:read": CollectionKind.ADDRESS_BOOK.value,
}
"""Of what a scope lets somebody hear, beside the scope of events itself."""
MEDIA_TYPE: Final = "text/event-stream"


class EventStream(HttpResponse):
    """An answer whose body never ends: whoever serves it takes the listener out."""

    def __init__(self, listener: Listener) -> None:
        # nginx would keep the events until it has a buffer full of them.
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(content_type=f"{MEDIA_TYPE}; charset=utf-8", headers=headers)
        self.listener = listener


class EventRenderer(JSONRenderer):
    """What browsers accept that ask for a stream; errors come as JSON all the same."""

    media_type = MEDIA_TYPE


def kinds_of(principal: Principal) -> frozenset[str]:
    """Return the kinds of collections that somebody's credentials let him hear of."""
    return frozenset(kind for scope, kind in KINDS.items() if holds(principal, scope))


def watch_of(request: Request) -> Callable[[], bool]:
    """Return what tells whether the credentials of a request are still there.

    A browser can be signed out alone, which ends no other session of its account.
    """
    if not isinstance(request.successful_authenticator, SessionAuthentication):
        return lambda: True
    session = request._request.session  # noqa: SLF001 (as DRF's own authentication does)
    store, key = type(session), session.session_key
    return lambda: bool(store(key).load())


class Events(ApiView):
    """What changes, as it happens."""

    tag = "Events"
    scopes: ClassVar[Mapping[str, str]] = {"GET": "events"}
    renderer_classes = [EventRenderer, JSONRenderer]

    @extend_schema(
        operation_id="stream_events",
        summary="Hear of changes",
        parameters=[
            OpenApiParameter(
                "Last-Event-ID",
                str,
                OpenApiParameter.HEADER,
                description="The id of the last event that came: the stream goes on behind it.",
            )
        ],
        responses={(200, MEDIA_TYPE): OpenApiResponse(str, description="Server-sent events.")},
    )
    def get(self, request: Request) -> HttpResponse:
        """Hear of every change in what you may read, from this moment or from Last-Event-ID on.

        `ready` says from where on, `change` which mailboxes, calendars and address books of an
        account have news (list them with `since`), `access` that other things are shared with you
        now, `reset` that the past of an account is not to be relied on: list it anew.
        """
        known = read_positions(request.headers.get("Last-Event-ID", ""))
        kinds, is_open = kinds_of(self.principal), watch_of(request)
        network = str(client_address(request.META))
        client = request.headers.get("User-Agent", "")
        return EventStream(Listener(self.principal, kinds, known, is_open, network, client))
