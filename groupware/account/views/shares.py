"""Shares, seen from both ends: what others may use here, and what this account may use of others."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groupware.account.views.pages import account_of, done, needs_proof, own_page, show
from groupware.core import holdings, rights
from groupware.core.errors import GroupwareError, Invalid, NotFound
from groupware.core.models import Account, Collection, CollectionKind
from groupware.core.rights import PRESETS, Rights, make_rights

MOST_SHOWN: Final = 500
"""Collections that the form offers and shares that are listed."""
WORDS: Final[dict[str, str | Promise]] = {
    "read": gettext_lazy("read"),
    "write": gettext_lazy("read and change"),
    "all": gettext_lazy("everything, also sharing it"),
}
NAMED_WORDS: Final[dict[str, str | Promise]] = {
    "free-busy": gettext_lazy("see when you are busy"),
    "private": gettext_lazy("see private items"),
    "send-as": gettext_lazy("send as the owner"),
    "send-on-behalf": gettext_lazy("send on behalf of the owner"),
    "manage": gettext_lazy("administer"),
    "delegate-read": gettext_lazy("read all calendars"),
    "delegate-write": gettext_lazy("change all calendars"),
}
KIND_WORDS: Final[dict[str, str | Promise]] = {
    CollectionKind.MAIL.value: gettext_lazy("Mailbox"),
    CollectionKind.CALENDAR.value: gettext_lazy("Calendar"),
    CollectionKind.ADDRESS_BOOK.value: gettext_lazy("Address book"),
}


class Given(NamedTuple):
    """Something that is shared with somebody."""

    number: int
    kind: str
    name: str
    grantee: str
    may: str


class Received(NamedTuple):
    """Something of somebody else's."""

    owner: str
    kind: str
    name: str
    may: str


@own_page("GET", "HEAD", "POST")
@needs_proof
def shares(request: HttpRequest) -> HttpResponse:
    """Show the shares; a POST shares something more, or changes what somebody may."""
    if request.method != "POST":
        return _page(request)
    try:
        grantee = _share(request)
    except GroupwareError as error:
        return _page(request, error)
    return done(request, _("Shared with {grantee}.").format(grantee=grantee), "account-shares")


@own_page("POST")
def end(request: HttpRequest) -> HttpResponse:
    """End one share."""
    number = request.POST.get("id", "")
    account = account_of(request)
    held = next((own for own in rights.list_grants(account.pk) if str(own.pk) == number), None)
    try:
        if held is None:
            raise NotFound(_("This was not shared any more."))
        rights.revoke(account, held.collection, rights.grantee_of(held))
    except GroupwareError as error:
        return _page(request, error)
    return done(request, _("It is not shared any more."), "account-shares")


def _share(request: HttpRequest) -> str:
    account, may = account_of(request), request.POST.get("may", "")
    if may not in PRESETS:
        raise Invalid(_("Choose what they may do."))
    collection = _collection(account, request.POST.get("collection", ""))
    grantee = rights.find_grantee(request.POST.get("grantee", ""))

    def change(held: Rights) -> Rights:
        return make_rights(PRESETS[may], held.named)

    rights.change_grant(account, collection, grantee, change)
    return str(grantee)


def _collection(account: Account, object_id: str) -> Collection | None:
    """Return which of the person's own it is; None is all of them."""
    if object_id == "all":
        return None
    found = Collection.objects.filter(account=account, object_id=object_id).first()
    if found is None:
        raise Invalid(_("Choose what you want to share."))
    return found


def _page(request: HttpRequest, error: GroupwareError | None = None) -> HttpResponse:
    account_id = request.user.pk or 0
    own = Collection.objects.filter(account=account_id).order_by("kind", "name")
    context = {
        "section": "shares",
        "given": list(_list_given(account_id))[:MOST_SHOWN],
        "received": list(_list_received(account_id))[:MOST_SHOWN],
        "collections": [
            (held.object_id, KIND_WORDS[held.kind], held.name) for held in own[:MOST_SHOWN]
        ],
        "presets": WORDS.items(),
        "chosen": request.POST,
    }
    return show(request, "shares", context, error)


def _list_given(account_id: int) -> Iterator[Given]:
    for held in rights.list_grants(account_id):
        place = held.collection
        kind = KIND_WORDS[place.kind] if place is not None else ""
        name = place.name if place is not None else _("Everything")
        may = describe(rights.rights_of(held))
        yield Given(held.pk, str(kind), name, str(rights.grantee_of(held)), may)


def _list_received(account_id: int) -> Iterator[Received]:
    """Return what is shared with somebody; what he may not look up is not named."""
    owners = holdings.list_owners(account_id)
    ids = [number for owner in owners for number in owner.on_collections]
    places = Collection.objects.in_bulk(ids)
    for owner in owners:
        if owner.rights:
            yield Received(owner.login, "", _("Everything"), describe(owner.rights))
        for number in owner.on_collections:
            held = owner.rights_on(number)
            if number in places and "l" in held:
                place = places[number]
                kind = str(KIND_WORDS[place.kind])
                yield Received(owner.login, kind, place.name, describe(held))


def describe(held: Rights) -> str:
    """Return rights in words; letters that are no usual set as they are."""
    letters = [WORDS[name] for name, preset in PRESETS.items() if preset == held.letters]
    told = [str(letters[0] if letters else held.letters)] if held.letters else []
    told += [str(NAMED_WORDS[name]) for name in held.named]
    return ", ".join(told)
