"""What the views of administration share: who asks, objects of the directory, lists by the audit log.

Every view goes by an `Administrator`, who finds what is in his domains alone; every write runs in
`administer`, which reads his roles in its transaction and lets the audit log name him. The state of a
list of the directory is the number of the last entry of that log (docs/adr/0052).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.response import Response

from groupware.core import audit, db
from groupware.core.administration import Administrator, By, administer
from groupware.core.audit import AuditFilter
from groupware.core.proxies import client_address
from groupware.rest.changes import Point, State, digest, expired
from groupware.rest.conditions import Version, read_match
from groupware.rest.pagination import Page, Window, page_of, page_of_all
from groupware.rest.views import ApiView, ListView, ObjectView

T = TypeVar("T")
R = TypeVar("R")
M = TypeVar("M", bound=Model)
_LOG = "log"
READ, WRITE = "admin:read", "admin:write"


class AdminView(ApiView):
    """The base of all; scopes reach as far as the role."""

    tag = "Administration"
    scopes: ClassVar[Mapping[str, str]] = {
        "GET": READ,
        "POST": WRITE,
        "PUT": WRITE,
        "PATCH": WRITE,
        "DELETE": WRITE,
    }

    def administrator(self) -> Administrator:
        """Return who asks, with his roles as of now; raises `NotAllowed` for who has none."""
        return Administrator(self.account_id)

    def administer(self, work: Callable[[Administrator], R]) -> R:
        """Run a write as who asks, in one transaction."""
        network = str(client_address(self.request.META))
        return administer(By(self.account_id, self.principal.login, network), work)


class AdminObject(AdminView, ObjectView[T], Generic[T]):
    """One object of the directory: a subclass says how to `find_for` an administrator."""

    def find_for(self, by: Administrator) -> T:
        """Return the object; raises `NotFound` also where it is beyond his domains."""
        raise NotImplementedError

    def find(self) -> T:
        """Return the object."""
        return self.find_for(self.administrator())

    def alter(self, work: Callable[[Administrator, T], object]) -> Response:
        """Change the object as it was when the client read it, and show it as it is then."""
        self._do(work)
        with db.read_snapshot():
            return self.show(self.find())

    def drop(self, work: Callable[[Administrator, T], object]) -> Response:
        """Remove the object, as `alter` changes it."""
        self._do(work)
        return Response(status=204)

    def _do(self, work: Callable[[Administrator, T], object]) -> None:
        match = read_match(self.request)

        def under_lock(by: Administrator) -> None:
            found = self.find_for(by)
            match.check(self.version_of(found))
            work(by, found)

        self.administer(under_lock)


class DirectoryList(AdminView, ListView[T], Generic[T, M]):
    """A list of rows of the directory by number; `since` goes by the entries of the audit log.

    Entries of `kind` name its rows. What else its items show hangs on what entries of `unsettling`
    actions tell: after one of those a state cannot be gone on from, and the list is read anew.
    """

    kind: ClassVar[str]
    unsettling: ClassVar[tuple[str, ...]] = ()
    cursor_key = (int,)

    def rows(self, by: Administrator, filters: Mapping[str, Any]) -> QuerySet[M]:
        """Return what is in the list, in any order."""
        raise NotImplementedError

    def present(self, rows: Sequence[M]) -> Sequence[T]:
        """Return what is shown of rows."""
        raise NotImplementedError

    def list_page(self, window: Window, filters: Mapping[str, Any]) -> Page[T]:
        """Return a page, the oldest first."""
        by = self.administrator()
        found = self.rows(by, filters).order_by("pk")
        if window.after is not None:
            found = found.filter(pk__gt=window.after[0])
        rows = list(found[: window.limit + 1])
        page = page_of(rows, window, lambda row: (row.pk,), self._now(by, filters).text())
        return Page(self.present(page.items), page.state, page.next)

    def list_changes(self, since: str, limit: int, filters: Mapping[str, Any]) -> Page[T]:
        """Return what entries name since, and ids of what is not in the list now."""
        by = self.administrator()
        now = self._now(by, filters)
        known = now.read(since).points[_LOG].modseq
        if known < audit.floor() or self._is_unsettled(by, known):
            expired()
        mine = AuditFilter(domain_ids=by.sees.domain_ids, target_kind=self.kind)
        touched = audit.list_touched(mine, known, limit=limit)
        rows = {row.pk: row for row in self.rows(by, filters).filter(pk__in=touched.ids)}
        return Page(
            self.present([rows[key] for key in touched.ids if key in rows]),
            State(now.scope, {_LOG: Point(0, touched.last)}).text(),
            removed=[str(key) for key in touched.ids if key not in rows],
            more=touched.more,
        )

    def _now(self, by: Administrator, filters: Mapping[str, Any]) -> State:
        domains = by.sees.domain_ids
        reach = "all" if domains is None else sorted(domains)
        scope = digest(self.request.path, reach, sorted(filters.items()))
        return State(scope, {_LOG: Point(0, audit.last_entry())})

    def _is_unsettled(self, by: Administrator, known: int) -> bool:
        return any(
            audit.list_touched(AuditFilter(domain_ids=by.sees.domain_ids, action=action), known).ids
            for action in self.unsettling
        )


class SmallList(AdminView, ListView[T], Generic[T]):
    """A list that is read whole; its state says whether anything changed, and no more."""

    def all_rows(self, by: Administrator, filters: Mapping[str, Any]) -> Sequence[T]:
        """Return all that is in the list, in the order of `key_of`."""
        raise NotImplementedError

    def key_of(self, row: T) -> tuple[Any, ...]:
        """Return the place of an item in the list."""
        raise NotImplementedError

    def list_page(self, window: Window, filters: Mapping[str, Any]) -> Page[T]:
        """Return a page."""
        rows = self.all_rows(self.administrator(), filters)
        return page_of_all(rows, window, self.key_of, self._now(rows, filters).text())

    def list_changes(self, since: str, limit: int, filters: Mapping[str, Any]) -> Page[T]:  # noqa: ARG002 (all or nothing)
        """Return nothing where nothing changed; raises `StateExpired` otherwise."""
        now = self._now(self.all_rows(self.administrator(), filters), filters)
        now.read(since)
        return Page([], now.text())

    def _now(self, rows: Sequence[T], filters: Mapping[str, Any]) -> State:
        scope = digest(self.request.path, sorted(filters.items()), *rows)
        return State(scope, {})


def version(*written: object, seen: Sequence[object] = ()) -> Version:
    """Return the state of what can be written of an object, and of what else it shows."""
    return Version(digest(*written), digest(*seen) if seen else "")
