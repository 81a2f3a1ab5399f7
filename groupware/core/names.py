"""Names on the command line: an account by its address, a collection as ADDRESS/KIND/NAME.

`ann@example.test`, `ann@example.test/mail/Archive/2026`, `ann@example.test/calendars/Work`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from groupware.core.directory import get_account
from groupware.core.errors import Invalid, NotFound
from groupware.core.models import Account, Collection, CollectionKind

Canonical = Callable[[str], str]

_canonical: dict[str, Canonical] = {}


@dataclass(frozen=True, slots=True)
class CollectionName:
    """The parts of a collection's name."""

    address: str
    kind: str
    path: str


def register_canonical(kind: str, canonical: Canonical) -> None:
    """Let `canonical` bring paths of a kind into their one form (INBOX in any case)."""
    _canonical[kind] = canonical


def is_collection_name(text: str) -> bool:
    """Whether the text names more than an account: a domain has no `/`."""
    return "/" in text.partition("@")[2]


def parse_collection_name(text: str) -> CollectionName:
    """Cut a name into its parts; raises `Invalid`."""
    local_part, _, rest = text.partition("@")
    domain, _, rest = rest.partition("/")
    kind, _, path = rest.partition("/")
    if not (local_part and domain and path) or kind not in CollectionKind.values:
        raise Invalid(
            "{text} names no collection: write ADDRESS/KIND/NAME, KIND being one of {kinds}.",
            text=text,
            kinds=", ".join(CollectionKind.values),
        )
    path = _canonical.get(kind, str)(path)
    return CollectionName(f"{local_part}@{domain}", kind, path)


def name_of(login: str, kind: str, path: str) -> str:
    """Return the name of a collection."""
    return f"{login}/{kind}/{path}"


def get_collection(text: str) -> Collection:
    """Return the collection of a name; raises `NotFound`, `Invalid`."""
    name = parse_collection_name(text)
    account = get_account(name.address)
    found = Collection.objects.filter(account=account, kind=name.kind, name=name.path).first()
    if found is None:
        raise NotFound(
            "There is no collection {collection}: `account show {login}` lists what there is.",
            collection=name_of(account.login, name.kind, name.path),
            login=account.login,
        )
    found.account = account
    return found


def get_target(text: str) -> tuple[Account, Collection | None]:
    """Return (owner, collection), or (account, None) for the name of an account."""
    if is_collection_name(text):
        collection = get_collection(text)
        return collection.account, collection
    return get_account(text), None
