"""What the views of one's own account share: who acts, what proves it, and small lists."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Generic, TypeVar

from groupware.core import audit
from groupware.core.models import Account
from groupware.core.proxies import client_address
from groupware.identity.api import proof
from groupware.identity.services import sessions
from groupware.rest.changes import State, digest
from groupware.rest.conditions import Version
from groupware.rest.pagination import Page, Window, page_of_all
from groupware.rest.views import ApiView, ListView

T = TypeVar("T")
R = TypeVar("R")
PROFILE, WRITE = "profile", "account:write"


class OwnView(ApiView):
    """The base of all: what is done is done in the name of whoever asks, to what is his own."""

    tag = "Your account"
    scopes: ClassVar[Mapping[str, str]] = {
        "GET": PROFILE,
        "POST": WRITE,
        "PUT": WRITE,
        "PATCH": WRITE,
        "DELETE": WRITE,
    }

    @property
    def network(self) -> str:
        """The client's address."""
        return str(client_address(self.request.META))

    @contextmanager
    def acting(self) -> Iterator[None]:
        """Let the audit log name who asks."""
        actor = audit.Actor(self.account_id, self.principal.login, network=self.network)
        with audit.acting(actor):
            yield

    @contextmanager
    def altering(self) -> Iterator[None]:
        """Let one object be changed in the block: the log is locked before the account is."""
        with self.acting(), audit.change():
            yield

    def act(self, work: Callable[[], R]) -> R:
        """Do something to the account; the browser that asked for it stays signed in."""
        with self.acting():
            done = work()
        self.stay()
        return done

    def stay(self) -> None:
        """Keep the browser that asked signed in after what ended every session of the account."""
        if proof.is_browser(self.request):
            sessions.stay(self.request._request)  # noqa: SLF001 (Django's own has the session)

    def account(self) -> Account:
        """Return the account of whoever asks, as it is now."""
        return Account.objects.get(pk=self.account_id)


class OwnList(OwnView, ListView[T], Generic[T]):
    """A list that is read whole; its state says whether anything changed, and no more."""

    def all_rows(self) -> Sequence[T]:
        """Return all that is in the list, in the order of `key_of`."""
        raise NotImplementedError

    def key_of(self, row: T) -> tuple[Any, ...]:
        """Return the place of an item in the list."""
        raise NotImplementedError

    def list_page(self, window: Window, filters: Mapping[str, Any]) -> Page[T]:  # noqa: ARG002 (there are none)
        """Return a page."""
        rows = self.all_rows()
        return page_of_all(rows, window, self.key_of, self._now(rows).text())

    def list_changes(self, since: str, limit: int, filters: Mapping[str, Any]) -> Page[T]:  # noqa: ARG002 (all or nothing)
        """Return nothing where nothing changed; raises `StateExpired` otherwise."""
        now = self._now(self.all_rows())
        now.read(since)
        return Page([], now.text())

    def _now(self, rows: Sequence[T]) -> State:
        return State(digest(self.request.path, self.account_id, *rows), {})


def version(*written: object) -> Version:
    """Return the state of an object that shows nothing else than what these say."""
    return Version(digest(*written))
