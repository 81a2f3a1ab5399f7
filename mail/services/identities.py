"""Identities: as whom an account writes, with which name and signature (as in RFC 8621 §6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q

from groupware.core import db, holdings, limits
from groupware.core.changes import begin_change, lock_account
from groupware.core.errors import Invalid, LimitExceeded, NotFound
from groupware.core.models import Account, Address
from mail.models import Identity, ListPart, ListPartner, OutsideSender
from mail.reading.html import clean_html
from mail.services.senders import Sender, SendRight, find_sender, refusal

MAX_SIGNATURE: Final = 64 << 10
"""Characters of a signature, in either form."""
MOST_SHOWN: Final = 500
"""Addresses that `list_senders` looks at."""

FIELDS: Final = ("address", "name", "reply_to", "signature_text", "signature_html", "is_default")


@dataclass(frozen=True, slots=True)
class SenderEntry:
    """An address that an account may send from."""

    address: str
    right: SendRight


def list_identities(account_id: int) -> list[Identity]:
    """Return the identities of an account in the order in which they were made."""
    return list(Identity.objects.filter(account=account_id).order_by("pk"))


def get_identity(account_id: int, identity_id: int) -> Identity:
    """Return an identity of an account; raises `NotFound`."""
    found = Identity.objects.filter(account=account_id, pk=identity_id).first()
    if found is None:
        raise NotFound("There is no such identity.")
    return found


def create_identity(account_id: int, values: Mapping[str, Any]) -> Identity:
    """Make an identity of `FIELDS`; raises `NotAllowed` for an address of others', `Invalid`."""
    with db.write_transaction():
        lock_account(account_id)
        if len(list_identities(account_id)) >= (limit := limits.IDENTITIES.value):
            raise LimitExceeded("An account has at most {most} identities.", most=limit)
        return _write(Identity(account_id=account_id), values)


def change_identity(account_id: int, identity_id: int, values: Mapping[str, Any]) -> Identity:
    """Change what is named of an identity; raises as `create_identity`, `NotFound`."""
    with db.write_transaction():
        lock_account(account_id)
        return _write(get_identity(account_id, identity_id), values)


def delete_identity(account_id: int, identity_id: int) -> None:
    """Remove an identity; raises `NotFound`."""
    with db.write_transaction():
        begin_change(account_id)
        get_identity(account_id, identity_id).delete()


def _write(identity: Identity, values: Mapping[str, Any]) -> Identity:
    account_id = identity.account_id
    for name, value in values.items():
        setattr(identity, name, _cleaned(name, value))
    if "address" in values:
        sender = find_sender(account_id, identity.address)
        if sender.right == SendRight.NONE:
            login = Account.objects.values_list("login", flat=True).get(pk=account_id)
            raise refusal(identity.address, login)
    if identity.is_default:
        Identity.objects.filter(account=account_id, is_default=True).exclude(pk=identity.pk).update(
            is_default=False
        )
    identity.modseq = begin_change(account_id).modseq
    identity.save()
    return identity


def _cleaned(name: str, value: Any) -> Any:
    if name.startswith("signature"):
        if len(value) > MAX_SIGNATURE:
            raise Invalid("A signature has at most {most} characters.", most=MAX_SIGNATURE)
        return clean_html(value, {}, remote=True).html if name == "signature_html" else value
    if name == "name" and not all(map(str.isprintable, value)):
        raise Invalid("A name is one line of text.")
    return value


def list_senders(account_id: int) -> list[SenderEntry]:
    """Return the addresses that an account may send from, its own first.

    Those of lists that it may write in the name of are among them, and those elsewhere.
    """
    candidates = dict.fromkeys([*_list_here(account_id), *_list_elsewhere(account_id)])
    found = [(text, find_sender(account_id, text)) for text in list(candidates)[:MOST_SHOWN]]
    shown = [SenderEntry(text, sender.right) for text, sender in found if _may(sender)]
    return sorted(shown, key=lambda entry: (-entry.right, entry.address))


def _may(sender: Sender) -> bool:
    return sender.right > SendRight.NONE


def _list_here(account_id: int) -> list[str]:
    owners = [owner.account_id for owner in holdings.list_owners(account_id)]
    is_sender = Q(part=ListPart.SENDER, account=account_id)
    rows = Address.objects.filter(
        Q(targets__account__in=[account_id, *owners])
        | Q(list_policy__partners__in=_partners(is_sender))
        | Q(targets__group__list_policy__partners__in=_partners(is_sender))
    ).exclude(local_part="")
    return [
        f"{local_part}@{domain}"
        for local_part, domain in rows.distinct()
        .order_by("domain__name", "local_part")
        .values_list("local_part", "domain__name")[:MOST_SHOWN]
    ]


def _partners(condition: Q) -> Any:
    return ListPartner.objects.filter(condition)


def _list_elsewhere(account_id: int) -> list[str]:
    rows = OutsideSender.objects.filter(account=account_id).order_by("address")
    return list(rows.values_list("address", flat=True)[:MOST_SHOWN])
