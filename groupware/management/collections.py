"""What `calendar` and `addressbook` share: names, and what they say of a collection."""

from collections.abc import Callable

from groupware.core import names
from groupware.core.directory import get_account
from groupware.core.errors import AlreadyExists, Invalid
from groupware.core.models import Account, Collection
from groupware.core.resources.queries import CollectionInfo, find_collection, list_collections
from groupware.dav.responses import PREFIX
from groupware.management.base import Answer, Argument, argument
from groupware.management.tables import octets, render_table

ACCOUNT = argument("account", metavar="ADDRESS", help="the account's address")
More = Callable[[CollectionInfo], dict[str, object]]


def collection_argument(form: str) -> Argument:
    """Return the argument that names a collection."""
    return argument("collection", metavar="COLLECTION", help=form)


def find(text: str, kind: str) -> Collection:
    """Return the collection of a name; raises `NotFound`, `Invalid` for one of another kind."""
    _check_kind(text, kind)
    return names.get_collection(text)


def new_name(text: str, kind: str) -> tuple[Account, str]:
    """Return the owner and the name of a collection that is to be made.

    Raises `AlreadyExists`, `NotFound` where there is no such account, `Invalid`.
    """
    _check_kind(text, kind)
    name = names.parse_collection_name(text)
    account = get_account(name.address)
    if "/" in name.path:
        raise Invalid("The name of a calendar or an address book has no slash.")
    if Collection.objects.filter(account=account, kind=kind, name=name.path).exists():
        raise AlreadyExists(f"There is {names.name_of(account.login, kind, name.path)} already.")
    return account, name.path


def _check_kind(text: str, kind: str) -> None:
    if names.parse_collection_name(text).kind != kind:
        raise Invalid(f"{text} is of another kind: write ADDRESS/{kind}/NAME.")


def describe(account: Account, collection_id: int, more: More | None = None) -> dict[str, object]:
    """Return what there is to say of a collection that is there, with the keys of `--json`."""
    info = find_collection(collection_id)
    assert info is not None
    return _entry(account, info, more)


def list_of(account: Account, kind: str, more: More | None = None) -> Answer:
    """Return the collections of a kind that an account has."""
    entries = [
        _entry(account, info, more) for info in list_collections(account.pk) if info.kind == kind
    ]
    if not entries:
        return Answer([], f"{account.login} has no {kind}.")
    rows = [(held["collection"], held["items"], octets_of(held), held["path"]) for held in entries]
    return Answer(entries, render_table(("collection", "items", "size", "path"), rows))


def octets_of(entry: dict[str, object]) -> str:
    """Return the size in words."""
    return octets(int(str(entry["bytes"])))


def deleted(held: Collection) -> Answer:
    """Return what is said of a collection that is gone."""
    name = names.name_of(held.account.login, held.kind, held.name)
    return Answer({"deleted": name}, f"Deleted {name} with everything in it.")


def _entry(account: Account, info: CollectionInfo, more: More | None) -> dict[str, object]:
    held = Collection.objects.filter(pk=info.collection_id).values_list("bytes", flat=True)
    return {
        "collection": names.name_of(account.login, info.kind, info.name),
        "display_name": info.display_name,
        "description": info.description,
        "color": info.color,
        "items": info.items,
        "bytes": held.first() or 0,
        "path": f"{PREFIX}/{account.pk}/{info.slug}/",
        **(more(info) if more is not None else {}),
    }
