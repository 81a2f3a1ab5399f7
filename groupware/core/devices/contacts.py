"""What a process notes of devices in memory: a few dict writes, also at each command.

Hot: `touch` and `tell` run with each command of IMAP and each request. Written by `writing.flush`.
"""

import re
import threading
from collections import Counter
from functools import lru_cache
from typing import Final, NamedTuple

from groupware.core.clock import epoch
from groupware.core.networks import network_of
from groupware.core.principals import Principal

MAX_CLIENT: Final = 200
"""Characters that are kept of what a client calls itself."""
MOST_CONTACTS: Final = 10_000
"""Devices that a process knows at once; sessions beyond keep theirs."""
MOST_NAMES: Final = 1_000
"""Domains whose logins are counted apart between two writes; failures may name any."""
SILENCE: Final = 300
"""Seconds of silence after which a request of DAV or REST counts as a login: each proves anew."""
HOUR: Final = 3_600
OF_REQUESTS: Final = frozenset({"dav", "api"})
_NUMBERS = re.compile(r"[0-9][0-9A-Za-z._-]*")


class Identity(NamedTuple):
    """What tells a device from others; `name` is its own, or the network that it comes from."""

    account_id: int
    protocol: str
    credential: str
    credential_key: str
    name: str


class Attempt(NamedTuple):
    """What logins are counted by; `outcome` is a column of `LoginHour`."""

    hour: int
    domain: str
    protocol: str
    outcome: str


class Contact:
    """A device as this process has seen it; `modseqs` are by a collection's key, or its object_id."""

    __slots__ = (
        *("identity", "client", "network", "first_seen", "seen_at", "modseqs"),
        *("row_id", "written_at", "written", "logins", "replaced"),
    )

    def __init__(self, identity: Identity, client: str, network: str) -> None:
        self.identity = identity
        self.client = client
        self.network = network
        self.first_seen = self.seen_at = epoch()
        self.modseqs: dict[int | str, int] = {}
        self.row_id = self.written_at = 0
        self.written: dict[int | str, int] = {}
        self.logins = 0
        """Those that have not told another name since."""
        self.replaced: list[tuple[Identity, int]] = []
        """Nameless devices that this one turned out to be, and since when they were known."""

    def touch(self) -> None:
        """Note that the client said something now."""
        self.seen_at = epoch()
        _dirty[self] = None

    def tell(self, collection: int | str, modseq: int) -> None:
        """Note up to where the client was told of a collection of its own account, and touch it."""
        if modseq > self.modseqs.get(collection, 0):
            self.modseqs[collection] = modseq
        self.seen_at = epoch()
        _dirty[self] = None

    @property
    def news(self) -> dict[int | str, int]:
        """What it was told and is not written."""
        written = self.written
        return {key: at for key, at in list(self.modseqs.items()) if written.get(key) != at}


_contacts: dict[Identity, Contact] = {}
_dirty: dict[Contact, None] = {}
_logins: Counter[Attempt] = Counter()
_counting = threading.Lock()


def note_login(principal: Principal, protocol: str, network: str, client: str = "") -> Contact:
    """Note that somebody was let in; `client` is what the program calls itself."""
    contact = find_contact(principal, protocol, network, client)
    is_new = not contact.written_at and contact not in _dirty
    if protocol not in OF_REQUESTS or is_new or epoch() - contact.seen_at > SILENCE:
        _count(principal.login, protocol, "succeeded")
    contact.logins += 1
    contact.touch()
    return contact


def note_failure(login: str, protocol: str, *, throttled: bool = False) -> None:
    """Note that somebody was not let in, or has to wait before he may try again."""
    _count(login, protocol, "throttled" if throttled else "failed")


def find_contact(principal: Principal, protocol: str, network: str, client: str = "") -> Contact:
    """Return the device that a principal's session or request belongs to."""
    client, name = _read_client(client)
    credential, key = credential_of(principal)
    if not name and credential != "app-password":  # an app password is one device's
        name = f"@{network_of(network)}"
    return _find(Identity(principal.account_id, protocol, credential, key, name), client, network)


def note_client(contact: Contact, client: str) -> Contact:
    """Return the device again, once it has told its name.

    The nameless one was this, unless others came in under it and told no name.
    """
    client, name = _read_client(client)
    if not name or name == contact.identity.name:
        return contact
    named = _find(contact.identity._replace(name=name), client, contact.network)
    named.logins += 1
    contact.logins -= 1
    if contact.logins <= 0:
        _forget(contact, named)
    named.touch()
    return named


def _forget(contact: Contact, named: Contact) -> None:
    """Let a device that has another name be forgotten, also where it was written without."""
    # Without a number and not dirty, it may be on its way into the database just now.
    is_written = bool(contact.row_id) or contact not in _dirty
    _dirty.pop(contact, None)
    _contacts.pop(contact.identity, None)
    if is_written and not contact.client:
        named.replaced.append((contact.identity, contact.first_seen))


def credential_of(principal: Principal) -> tuple[str, str]:
    """Return what kind of credential it is, and which; the password is the account's only one."""
    if principal.token_id is not None:
        return "token", principal.token_client
    if principal.app_password_id is not None:
        return "app-password", str(principal.app_password_id)
    return "password", ""


@lru_cache(maxsize=1_024)
def _read_client(client: str) -> tuple[str, str]:
    """Return what a client calls itself as it can be shown, and the same without its versions."""
    plain = "".join(char if char.isprintable() else " " for char in client[: MAX_CLIENT * 2])
    shown = " ".join(plain.split())[:MAX_CLIENT]
    name = " ".join(_NUMBERS.sub("", shown.lower()).split())
    return shown, name if any(map(str.isalpha, name)) else ""


def take_dirty(most: int) -> list[Contact]:
    """Return contacts with something to write; who notes meanwhile puts them back."""
    taken = list(_dirty)[:most]
    for contact in taken:
        _dirty.pop(contact, None)
    return taken


def put_back(contacts: list[Contact]) -> None:
    """Let what could not be written be written later."""
    _dirty.update(dict.fromkeys(contacts))


def take_logins() -> Counter[Attempt]:
    """Return what was counted, and begin anew."""
    with _counting:
        taken = Counter(_logins)
        _logins.clear()
    return taken


def put_back_logins(taken: Counter[Attempt]) -> None:
    """Count again what could not be written."""
    with _counting:
        _logins.update(taken)


def forget_all() -> None:
    """Forget everything that is not written."""
    _contacts.clear()
    _dirty.clear()
    take_logins()


def _find(identity: Identity, client: str, network: str) -> Contact:
    contact = _contacts.get(identity)
    if contact is None:
        if len(_contacts) >= MOST_CONTACTS:
            _contacts.clear()
        contact = _contacts[identity] = Contact(identity, client, network)
    contact.client, contact.network = client, network
    return contact


def _count(login: str, protocol: str, outcome: str) -> None:
    domain = login.rpartition("@")[2].strip().lower()[:253]
    # A stranger may say what is no text, such as NUL or half a surrogate: no database takes that.
    if not domain.isprintable():
        domain = ""
    with _counting:
        if len(_logins) >= MOST_NAMES:
            domain = ""
        _logins[Attempt(epoch() // HOUR * HOUR, domain, protocol, outcome)] += 1
