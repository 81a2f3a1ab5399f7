"""Clients of all people at once on running servers."""

import threading
from types import TracebackType
from typing import Self

from tests.crash.client import Client
from tests.crash.model import load_model
from tests.crash.store import Store
from tests.serve.running import Running, wait_for


class Load:
    """A thread for each client, from the beginning of the block to its end."""

    def __init__(self, store: Store, server: Running, life: int) -> None:
        self._ending = threading.Event()
        self.failures: list[BaseException] = []
        self._ports = (server.ports["IMAP"], server.ports["LMTP"])
        places = store.places()
        logins = sorted({place.login for place in places})
        self.journals = [store.notes / f"life{life}-{login}" for login in logins]
        inboxes = [place for place in places if place.name == "INBOX"]
        model = load_model(store.model)
        self._clients = []
        for login, journal in zip(logins, self.journals, strict=True):
            own = [place for place in places if place.login == login]
            client = Client(own, inboxes, journal)
            client.take_over(model)
            self._clients.append(client)
        self._threads = [
            threading.Thread(target=self._run, args=(client,)) for client in self._clients
        ]

    @property
    def told(self) -> int:
        """Return how many steps were acknowledged."""
        return sum(client.told for client in self._clients)

    @property
    def breaks(self) -> int:
        """Return how often a client lost its connection."""
        return sum(client.breaks for client in self._clients)

    def wait_for_steps(self, steps: int) -> None:
        """Return when so many more steps were acknowledged; raises what a client raised."""
        goal = self.told + steps
        wait_for(lambda: self.told >= goal or self.failures, f"{steps} more steps")
        self._raise_failure()

    def _run(self, client: Client) -> None:
        try:
            client.run(self._ports, self._ending)
        except BaseException as error:  # noqa: BLE001 - raised where the test waits
            self.failures.append(error)

    def _raise_failure(self) -> None:
        if self.failures:
            raise self.failures[0]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()
        if error is None:
            self._raise_failure()
