"""What a view of the API is: an object, a list, or an action; each app's own stay short by it.

A view reads in one snapshot and writes by `writing.write`; it raises what fails, and answers what
its serializer shows. Every method names its scope in `scopes`.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Generic, TypeVar

from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from groupware.core import db, limits
from groupware.core.auth import Principal
from groupware.core.errors import AuthenticationFailed, NotFound, TooLarge
from groupware.core.networks import network_of
from groupware.core.proxies import client_address
from groupware.rest import idempotency, throttling
from groupware.rest.authentication import (
    BasicAuthentication,
    BearerAuthentication,
    SessionAuthentication,
    note_told,
)
from groupware.rest.bodies import JsonParser
from groupware.rest.changes import read_modseqs
from groupware.rest.conditions import Version, is_known, read_match
from groupware.rest.pagination import DEFAULT_LIMIT, MAX_LIMIT, Page, Window, read_window
from groupware.rest.permissions import HasScope
from groupware.rest.writing import write

T = TypeVar("T")


class ApiView(APIView):
    """The base of every view; `tag` is the chapter of the documentation that it belongs to."""

    tag: ClassVar[str] = ""
    scopes: ClassVar[Mapping[str, str]] = {}
    query: ClassVar[type[serializers.Serializer[Any]] | None] = None
    """What a GET takes behind the question mark, beside what its base class takes."""
    tells_secrets: ClassVar[bool] = False
    """Whether what a POST answers is told once, and kept nowhere: not for a repetition either."""

    authentication_classes = [
        BearerAuthentication,
        BasicAuthentication,
        SessionAuthentication,
    ]
    permission_classes = [HasScope]
    metadata_class = None  # OPTIONS: what there is, the schema says
    left: throttling.Left | None = None
    """What the account may still ask in this minute."""
    parser_classes = [JsonParser]
    renderer_classes = [JSONRenderer]

    @property
    def principal(self) -> Principal:
        """Who is signed in."""
        principal = self.request.auth
        assert isinstance(principal, Principal)
        return principal

    @property
    def account_id(self) -> int:
        """The account of whoever is signed in."""
        return self.principal.account_id

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find out who it is and what he may; refuse a body that was not even taken in."""
        super().initial(request, *args, **kwargs)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length[:20]) > limits.WEB_BODY.value:
            raise TooLarge(f"The body of a request has at most {limits.WEB_BODY.value} octets.")

    def perform_authentication(self, request: Request) -> None:
        """Find out who it is; a network that guesses has to wait."""
        network = network_of(str(client_address(request.META)))
        if "Authorization" not in request.headers:
            super().perform_authentication(request)
            return
        throttling.FAILURES.check(network)
        try:
            super().perform_authentication(request)
        except AuthenticationFailed:
            throttling.FAILURES.note(network, request.headers["Authorization"])
            raise

    def check_throttles(self, request: Request) -> None:
        """Count the request, and let one that may come twice be done once."""
        if isinstance(request.auth, Principal):
            account_id = request.auth.account_id
            self.left = throttling.REQUESTS.take(account_id)
            is_post = request.method == "POST" and hasattr(self, "post")
            if is_post and (key := idempotency.read_key(request)):
                self._do_once(key, account_id)

    def _do_once(self, key: str, account_id: int) -> None:
        """Put what asks for an earlier answer before the handler that DRF is about to call."""
        handler: Callable[..., Response] = getattr(self, "post")  # noqa: B009 (not each view has it)

        def once(request: Request, *args: Any, **kwargs: Any) -> Response:
            def handle() -> Response:
                return handler(request, *args, **kwargs)

            return idempotency.answer_once(
                key, account_id, request, handle, tells_secrets=self.tells_secrets
            )

        self.__dict__["post"] = once

    def read(self, kind: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """Return what the body says, checked by a serializer."""
        given = kind(data=self.request.data, partial=self.request.method == "PATCH")
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)

    def read_query(self) -> dict[str, Any]:
        """Return what the query says, checked by `query`."""
        kind = self.query or serializers.Serializer
        given = kind(data=self.request.query_params)
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)

    def answer(
        self, data: object, version: Version, status: int = 200, *, location: str = ""
    ) -> Response:
        """Return an object and its state; `location` is the URL of a new one."""
        headers = {"ETag": version.etag}
        if location:
            headers["Location"] = location
        return Response(data, status, headers=headers)

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        """Keep what is a person's own out of every cache but the client's."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        kept = "no-store" if self.tells_secrets else "private, no-cache"
        answer.headers.setdefault("Cache-Control", kept)
        for name, text in self.left.headers().items() if self.left else ():
            answer.headers.setdefault(name, text)
        return answer


class ObjectView(ApiView, Generic[T]):
    """One object: GET with its entity tag, and changes that need If-Match.

    A subclass says how to `find` it, by `self.kwargs`, as far as the caller may see it, and of what
    it finds the `version_of`, the `owner_of`, and how to `represent` it.
    """

    def find(self) -> T:
        """Return the object; raises `NotFound` also where it may not be known. Read-only."""
        raise NotImplementedError

    def version_of(self, found: T) -> Version:
        """Return its state."""
        raise NotImplementedError

    def owner_of(self, found: T) -> int:
        """Return the account whose store it lies in, whose lock its changes take."""
        raise NotImplementedError

    def represent(self, found: T) -> object:
        """Return what is shown of it, as its serializer has it."""
        raise NotImplementedError

    def get(self, request: Request, **_: Any) -> Response:
        """Show the object."""
        with db.read_snapshot():
            found = self.find()
            version = self.version_of(found)
            if is_known(request, version):
                return Response(status=304, headers={"ETag": version.etag})
            return self.show(found)

    def change(self, work: Callable[[T], T]) -> Response:
        """Change the object as it was when the client read it, and show it as it is then.

        `work` runs under the owner's lock, on what is found there; it checks rights and calls a
        service. Raises `ConditionRequired`, `Stale`.
        """
        changed = self._write(work)
        with db.read_snapshot():
            return self.show(changed)

    def remove(self, work: Callable[[T], object]) -> Response:
        """Remove the object, as `change` does."""
        self._write(work)
        return Response(status=204)

    def _write(self, work: Callable[[T], Any]) -> Any:
        match = read_match(self.request)
        with db.read_snapshot():
            owner_id = self.owner_of(self.find())

        def under_lock() -> Any:
            found = self.find()
            if self.owner_of(found) != owner_id:
                raise NotFound("It was moved just now: find it anew.")
            match.check(self.version_of(found))
            return work(found)

        return write(owner_id, under_lock)

    def show(self, found: T) -> Response:
        """Return the answer that shows the object."""
        return self.answer(self.represent(found), self.version_of(found))


class PageQuery(serializers.Serializer[Any]):
    """What every list takes in its query."""

    limit = serializers.IntegerField(
        min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT, help_text="Items of one answer."
    )
    cursor = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=8_000,
        help_text="`next` of the page before, with the same filters.",
    )
    since = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=8_000,
        help_text="A `state` of this list: tell what changed since, instead of a page.",
    )


class ListView(ApiView, Generic[T]):
    """A list: pages, and with `since` what changed; filters are `query`, a `PageQuery`.

    A subclass reads rows in `list_page` and `list_changes`, both in one snapshot.
    """

    item_class: ClassVar[type[serializers.Serializer[Any]]]
    query = PageQuery
    cursor_key: ClassVar[tuple[type, ...]]
    """The types of the key that the list is ordered by."""

    def list_page(self, window: Window, filters: Mapping[str, Any]) -> Page[T]:
        """Return a page of the list."""
        raise NotImplementedError

    def list_changes(self, since: str, limit: int, filters: Mapping[str, Any]) -> Page[T]:
        """Return what changed since a state of the list; raises `StateExpired`."""
        raise NotImplementedError

    def get(self, request: Request, **_: Any) -> Response:
        """List, a page at a time, or tell what changed."""
        filters = self.read_query()
        limit, since = filters.pop("limit"), filters.pop("since")
        window = read_window(limit, filters.pop("cursor"), self.cursor_key)
        with db.read_snapshot():
            if since:
                page = self.list_changes(since, limit, filters)
                note_told(request, read_modseqs(page.state))
            else:
                page = self.list_page(window, filters)
            items = self.item_class(page.items, many=True).data
        return Response(
            {
                "items": items,
                "removed": list(page.removed),
                "next": page.next,
                "more": page.more or page.next is not None,
                "state": page.state,
            }
        )
