"""Who may do what with whose collections.

A grant gives a grantee (account, group, domain) the letters of RFC 4314 §2.1 on one
collection or on everything an account owns, and named rights outside them. An owner has all
rights. Nothing is kept between commands: a revoked right is gone at the next one.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from groupware.core import audit, db
from groupware.core.changes import begin_change
from groupware.core.clock import now
from groupware.core.directory import get_account, get_domain
from groupware.core.directory.lookups import parse, sharing_change
from groupware.core.errors import Invalid, NotFound
from groupware.core.events import MailboxListChanged, publish
from groupware.core.models import Account, Collection, Domain, Grant, Group

LETTERS = "lrswipkxtea"
"""lookup, read, seen, write, insert, post, create, delete, delete messages, expunge, admin."""
DELEGATE_READ = "delegate-read"
DELEGATE_WRITE = "delegate-write"
NAMED = (
    "free-busy",
    "private",
    "send-as",
    "send-on-behalf",
    "manage",
    DELEGATE_READ,
    DELEGATE_WRITE,
)
PRESETS: dict[str, str] = {"read": "lrs", "write": "lrswipkxte", "all": LETTERS}
"""Words for usual sets of letters."""
_OF_DELEGATES = {DELEGATE_READ: PRESETS["read"], DELEGATE_WRITE: PRESETS["write"]}
"""What delegates may do with every calendar of an account, and with nothing else (ADR 31)."""
_OBSOLETE = {"c": "k", "d": "xte"}
"""RFC 4314 §2.1.1: what the letters of RFC 2086 stand for."""
_SEPARATORS = re.compile(r"[\s,+]+")

Grantee = Account | Group | Domain
_TABLES = {Account: "core_account", Group: "core_group", Domain: "core_domain"}


@dataclass(frozen=True, slots=True)
class Rights:
    """Letters of RFC 4314 and named rights; `letters` in the order of `LETTERS`."""

    letters: str = ""
    named: tuple[str, ...] = ()

    def __contains__(self, right: object) -> bool:
        """Whether a letter or a named right is held."""
        return isinstance(right, str) and (right in self.named or right in set(self.letters))

    def __bool__(self) -> bool:
        return bool(self.letters or self.named)

    def __or__(self, other: "Rights") -> "Rights":
        return make_rights([*self.letters, *other.letters], [*self.named, *other.named])

    def __str__(self) -> str:
        return " ".join(filter(None, [self.letters, *self.named]))


ALL = Rights(LETTERS, NAMED)
NONE = Rights()


def make_rights(letters: Iterable[str], named: Iterable[str] = ()) -> Rights:
    """Return rights in their one order, each once."""
    held, held_named = set(letters), set(named)
    return Rights(
        "".join(letter for letter in LETTERS if letter in held),
        tuple(name for name in NAMED if name in held_named),
    )


def on_calendar(held: Rights) -> Rights:
    """Return rights on a calendar, with what delegates of its owner have on all of them."""
    letters = "".join(_OF_DELEGATES.get(name, "") for name in held.named)
    return held | make_rights(letters) if letters else held


def parse_rights(text: str) -> Rights:
    """Read letters, named rights and presets, divided by spaces, commas or `+`.

    Raises `Invalid` for anything else, and for none at all.
    """
    letters: list[str] = []
    named: list[str] = []
    for word in filter(None, _SEPARATORS.split(text.lower())):
        if word in NAMED:
            named.append(word)
        else:
            letters += _parse_letters(PRESETS.get(word, word))
    rights = make_rights(letters, named)
    if not rights:
        raise Invalid("Name at least one right; to take all away, use `revoke`.")
    return rights


def _parse_letters(word: str) -> str:
    letters = expand_obsolete(word)
    unknown = set(letters) - set(LETTERS)
    if unknown:
        raise Invalid(
            "{word!r} is no right: write letters of {letters}, one of {presets}, or one "
            "of {names}.",
            word=word,
            letters=LETTERS,
            presets=", ".join(PRESETS),
            names=", ".join(NAMED),
        )
    return letters


def expand_obsolete(letters: str) -> str:
    """Return letters with those of RFC 2086 in their members (RFC 4314 §2.1.1)."""
    return "".join(_OBSOLETE.get(letter, letter) for letter in letters)


def with_obsolete(letters: str) -> str:
    """Return letters as clients are told them: with those of RFC 2086 where any of theirs is held.

    RFC 4314 §2.1.1.
    """
    obsolete = "".join(
        letter for letter, members in _OBSOLETE.items() if not set(members).isdisjoint(letters)
    )
    return letters.removesuffix("a") + obsolete + ("a" if "a" in letters else "")


def find_grantee(text: str) -> Grantee:
    """Return the account, group or domain (`example.test` or `@example.test`) of a name.

    Raises `NotFound`, `Invalid`.
    """
    name = text.strip().lower()
    if "@" in name.removeprefix("@"):
        local_part, domain_name = parse(name)
        group = Group.objects.filter(name=f"{local_part}@{domain_name}").first()
        return group or get_account(name)
    if "." not in name and not name.startswith("@"):
        raise Invalid(
            "{text} is neither an address nor a domain: write name@domain, or domain.", text=text
        )
    domain = get_domain(name.removeprefix("@"))
    return domain.alias_of or domain


def grant(
    account: Account, collection: Collection | None, grantee: Grantee, rights: Rights
) -> Rights:
    """Set the rights of a grantee on a collection, or with None on the whole account.

    What the grantee had there before is replaced. Raises `Invalid` for the owner.
    """
    return change_grant(account, collection, grantee, lambda _: rights)


def change_grant(
    account: Account,
    collection: Collection | None,
    grantee: Grantee,
    change: Callable[[Rights], Rights],
) -> Rights:
    """Set the rights of a grantee by those that it has there; none at all end the grant.

    Nothing comes between: `change` is called under the account's lock. Raises `Invalid` for the
    owner and for delegates of a single collection, `NotFound` where the account, the collection or the grantee is gone since it was read.
    """
    _refuse_owner(account, grantee)
    with sharing_change():
        _lock(account)
        _hold(collection, grantee)
        held = find_grant(account, collection, grantee)
        rights = change(NONE if held is None else rights_of(held))
        if collection is not None and not _OF_DELEGATES.keys().isdisjoint(rights.named):
            raise Invalid("A delegate has all calendars: name the account instead of a collection.")
        if held is not None:
            held.delete()
        if rights:
            _insert(account, collection, grantee, rights)
        _publish(account.pk)
        _note(account, collection, grantee, rights)
    return rights


def _refuse_owner(account: Account, grantee: Grantee) -> None:
    if isinstance(grantee, Account) and grantee.pk == account.pk:
        raise Invalid("{login} owns it and has every right.", login=account.login)


def _insert(
    account: Account, collection: Collection | None, grantee: Grantee, rights: Rights
) -> None:
    Grant.objects.create(
        account=account,
        collection=collection,
        rights=rights.letters,
        named_rights=" ".join(rights.named),
        created_at=now(),
        **_grantee_columns(grantee),
    )


def find_grant(account: Account, collection: Collection | None, grantee: Grantee) -> Grant | None:
    """Return what was granted there to this grantee itself, or None."""
    return Grant.objects.filter(
        account=account, collection=collection, **_grantee_columns(grantee)
    ).first()


def replace_grants(
    account: Account,
    collection: Collection | None,
    wanted: Mapping[Grantee, Callable[[Rights], Rights]],
    others: Callable[[Rights], Rights] = lambda _: NONE,
) -> None:
    """Set the rights of all grantees in a place, each by those that it has there.

    Those who are not named have what `others` leaves them. All of it happens or nothing. Raises as
    `change_grant` does.
    """
    with sharing_change():
        _lock(account)
        place = None if collection is None else collection.pk
        held = {
            grantee_of(own): own for own in list_grants(account.pk) if own.collection_id == place
        }
        for grantee in {**held, **wanted}:
            own = held.get(grantee)
            before = NONE if own is None else rights_of(own)
            after = wanted.get(grantee, others)(before)
            if own is not None and after != before:
                own.delete()
            if after and after != before:
                _refuse_owner(account, grantee)
                _hold(collection, grantee)
                _insert(account, collection, grantee, after)
        _publish(account.pk)


def revoke(account: Account, collection: Collection | None, grantee: Grantee) -> None:
    """Take away what was granted there; raises `NotFound` where nothing was."""
    with sharing_change():
        _lock(account)
        held = find_grant(account, collection, grantee)
        if held is None:
            raise NotFound(
                "{grantee} has no grant there: `account show {login}`.",
                grantee=grantee,
                login=account.login,
            )
        held.delete()
        _publish(account.pk)
        _note(account, collection, grantee, NONE)


def _note(
    account: Account, collection: Collection | None, grantee: Grantee, rights: Rights
) -> None:
    """Tell the audit log what an administrator or a command does; what people share is theirs."""
    if audit.is_somebody_acting():
        audit.record(
            "grant.set" if rights else "grant.revoke",
            account,
            collection=f"{collection.kind}/{collection.name}" if collection else "",
            grantee=str(grantee),
            rights=str(rights),
        )


def inherit_grants(superior_id: int, collection_id: int) -> None:
    """Grant on a new collection what is granted on the one above it (RFC 4314 §4, CREATE).

    In the transaction that makes it. Whoever was granted something by its name before it was
    made keeps that: nobody has two grants in one place.
    """
    known = {_grantee_key(own) for own in Grant.objects.filter(collection_id=collection_id)}
    above = Grant.objects.filter(collection_id=superior_id)
    held = [grant_ for grant_ in above if _grantee_key(grant_) not in known]
    for grant_ in held:
        grant_.pk, grant_.collection_id, grant_.created_at = None, collection_id, now()
    Grant.objects.bulk_create(held)


def grantee_of(held: Grant) -> Grantee:
    """Return whom a grant is to."""
    grantee = held.grantee_account or held.grantee_group or held.grantee_domain
    assert grantee is not None  # the database's own condition
    return grantee


def _grantee_key(held: Grant) -> tuple[int | None, ...]:
    return held.grantee_account_id, held.grantee_group_id, held.grantee_domain_id


def _lock(account: Account) -> None:
    """Let two grants at once not leave two rows.

    It is the lock of the account's changes, whose count every process polls: who has lost a
    right is told within a second, even where the notice of it is lost.
    """
    try:
        begin_change(account.pk)
    except NotFound as error:
        raise NotFound("There is no account {login} any more.", login=account.login) from error


def _hold(collection: Collection | None, grantee: Grantee) -> None:
    """Keep what a grant names there until it is committed: both were read before the lock."""
    if collection is not None and not db.key_share("core_collection", collection.pk):
        raise NotFound("{name} was deleted just now.", name=collection.name)
    if not db.key_share(_TABLES[type(grantee)], grantee.pk):
        raise NotFound("{grantee} was deleted just now.", grantee=grantee)


def _grantee_columns(grantee: Grantee) -> dict[str, Any]:
    return {
        "grantee_account": grantee if isinstance(grantee, Account) else None,
        "grantee_group": grantee if isinstance(grantee, Group) else None,
        "grantee_domain": grantee if isinstance(grantee, Domain) else None,
    }


def _publish(account_id: int) -> None:
    event = MailboxListChanged(account_id)
    db.on_commit(lambda: publish(event))


def list_grants(account_id: int, *, collection_id: int | None = None) -> list[Grant]:
    """Return the grants on an account and all its collections, or on one collection."""
    grants = list_grants_of([account_id])
    if collection_id is None:
        return grants
    return [held for held in grants if held.collection_id == collection_id]


def list_grants_of(account_ids: Iterable[int]) -> list[Grant]:
    """Return the grants on accounts and all their collections, the oldest first."""
    grants = Grant.objects.filter(account_id__in=list(account_ids)).select_related(
        "collection", "grantee_account", "grantee_group", "grantee_domain"
    )
    return list(grants.order_by("id"))


def rights_of(held: Grant) -> Rights:
    """Return what a grant gives."""
    return make_rights(held.rights, held.named_rights.split())


GROUPS_HELD = """
WITH RECURSIVE held(group_id) AS (
    SELECT group_id FROM core_groupmember WHERE account_id = %s
    UNION
    SELECT m.group_id FROM core_groupmember m JOIN held h ON m.subgroup_id = h.group_id
)
"""
REACHED = """
(
    grantee_account_id = %s
    OR grantee_group_id IN (SELECT group_id FROM held)
    OR grantee_domain_id = (SELECT domain_id FROM core_account WHERE id = %s)
)
"""
_EFFECTIVE = (
    f"{GROUPS_HELD} SELECT rights, named_rights FROM core_grant"
    f" WHERE account_id = %s AND (collection_id IS NULL OR collection_id = %s) AND {REACHED}"
)


def grants_reaching(account: Account) -> list[int]:
    """Return the ids of the grants that an account holds: itself, by groups, by its domain."""
    sql = f"{GROUPS_HELD} SELECT id FROM core_grant WHERE {REACHED} ORDER BY id"
    return [key for (key,) in db.fetch_rows(sql, [account.pk, account.pk, account.pk])]


def effective_rights(account_id: int, owner_id: int, collection_id: int | None = None) -> Rights:
    """Return what an account may do with a collection, or with a whole account (None).

    The owner may do everything; anyone else has the union of the grants to the account, to
    every group that holds it (also through groups), and to its domain, on the collection and
    on the owner's whole account.
    """
    if account_id == owner_id:
        return ALL
    rows = db.fetch_rows(_EFFECTIVE, [account_id, owner_id, collection_id, account_id, account_id])
    return make_rights(
        "".join(letters for letters, _ in rows), " ".join(named for _, named in rows).split()
    )
