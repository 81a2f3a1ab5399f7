"""What `grant`, `revoke` and `account show` say of a grant."""

from groupware.core.models import Account, Collection, Domain, Grant, Group
from groupware.core.names import name_of
from groupware.core.rights import Grantee, Rights, grantee_of, rights_of

_KINDS: dict[type[Grantee], str] = {Account: "account", Group: "group", Domain: "domain"}


def describe_grant(held: Grant, owner: Account) -> dict[str, object]:
    """Return a grant with the keys that every command uses."""
    return describe(owner, held.collection, grantee_of(held)) | describe_rights(rights_of(held))


def describe(owner: Account, collection: Collection | None, grantee: Grantee) -> dict[str, object]:
    """Return on what and to whom a grant is; on the whole account `collection` is empty."""
    return {
        "account": owner.login,
        "collection": name_of(owner.login, collection.kind, collection.name) if collection else "",
        "grantee": str(grantee),
        "grantee_kind": _KINDS[type(grantee)],
    }


def describe_rights(rights: Rights) -> dict[str, object]:
    """Return the letters of RFC 4314 and the named rights."""
    return {"rights": rights.letters, "named_rights": list(rights.named)}


def target_in_words(described: dict[str, object]) -> object:
    """Return what a grant is on."""
    return described["collection"] or f"{described['account']} (everything)"
