"""The browsers that one is signed in with, over REST."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.core.errors import NotFound
from groupware.identity.api import proof
from groupware.identity.api.base import OwnList, OwnView, version
from groupware.identity.services import sessions
from groupware.identity.services.sessions import Browser
from groupware.rest.changes import digest
from groupware.rest.conditions import Version
from groupware.rest.views import ObjectView


class Shown(NamedTuple):
    """A browser as its person is shown it."""

    id: int
    network: str
    agent: str
    created_at: datetime
    seen_at: datetime
    is_current: bool
    etag: str


class BrowserSerializer(serializers.Serializer[Shown]):
    """A browser that is signed in."""

    id = serializers.IntegerField()
    network = serializers.CharField(help_text="From where it signed in.")
    agent = serializers.CharField(help_text="What it calls itself.")
    created_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField(help_text="When it was used last, to some minutes.")
    is_current = serializers.BooleanField(help_text="Whether it is the one that asks.")
    etag = serializers.CharField(help_text="What If-Match takes.")


class Browsers(OwnView):
    """What both views share."""

    def browsers(self) -> list[Browser]:
        """Return the browsers, the last used first."""
        key = None
        if proof.is_browser(self.request):
            key = self.request._request.session.session_key  # noqa: SLF001 (Django's own has it)
        return sessions.list_browsers(self.account_id, key)


def version_of(browser: Browser) -> Version:
    """Return the state of a session, of which nothing can be changed."""
    return Version(version(browser.id).written, digest(browser.seen_at))


def show(browser: Browser) -> Shown:
    """Return what is shown of a browser."""
    return Shown(
        browser.id,
        browser.network,
        browser.agent,
        browser.created_at,
        browser.seen_at,
        browser.is_current,
        version_of(browser).etag,
    )


@extend_schema_view(
    get=extend_schema(
        operation_id="list_sessions", summary="List the browsers that you are signed in with"
    )
)
class BrowserList(Browsers, OwnList[Shown]):
    """Browsers that are signed in."""

    item_class = BrowserSerializer
    cursor_key = (int,)

    def all_rows(self) -> Sequence[Shown]:
        """Return all of them, the newest first."""
        return sorted(map(show, self.browsers()), key=self.key_of)

    def key_of(self, row: Shown) -> tuple[int]:
        """Order by their sign-in, the last first."""
        return (-row.id,)

    @extend_schema(
        operation_id="end_all_sessions", summary="Sign out everywhere", responses={204: None}
    )
    def delete(self, request: Request) -> Response:
        """End every session, of every browser and every protocol; this browser's as well."""
        with self.acting():
            sessions.end_everywhere(self.account_id)
        if proof.is_browser(request):
            request._request.session.flush()  # noqa: SLF001 (Django's own has it)
        return Response(status=204)


@extend_schema_view(
    get=extend_schema(
        operation_id="get_session",
        summary="Read a browser that you are signed in with",
        responses=BrowserSerializer,
    )
)
class BrowserView(Browsers, ObjectView[Browser]):
    """One browser that is signed in."""

    def find(self) -> Browser:
        """Return it."""
        for browser in self.browsers():
            if browser.id == self.kwargs["session_id"]:
                return browser
        raise NotFound("There is no such session any more.")

    def version_of(self, found: Browser) -> Version:
        """Return its state."""
        return version_of(found)

    def owner_of(self, found: Browser) -> int:  # noqa: ARG002 (each is one's own)
        """Return whose it is."""
        return self.account_id

    def represent(self, found: Browser) -> object:
        """Return what is shown of it."""
        return BrowserSerializer(show(found)).data

    @extend_schema(operation_id="end_session", summary="Sign a browser out", responses={204: None})
    def delete(self, request: Request, **_: Any) -> Response:  # noqa: ARG002 (DRF's)
        """Sign a browser out."""
        with self.altering():
            return self.remove(lambda found: sessions.end_browser(self.account_id, found.id))
