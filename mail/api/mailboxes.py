"""Mailboxes over REST: own ones, and those that others share.

The ETag's first part is the modseq at which name and use were written, its second that of the
messages, by which the counts go.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.core import holdings
from groupware.core.errors import Invalid
from groupware.core.models import CollectionKind
from groupware.rest.collections import CollectionList
from groupware.rest.conditions import Version
from groupware.rest.fields import OwnerSerializer
from groupware.rest.pagination import Page, Window, page_of_all
from groupware.rest.views import ListView, ObjectView, PageQuery
from groupware.rest.writing import write
from mail import names, queries
from mail.models.mailbox import SpecialUse
from mail.places import Place, find_new_name, get_place, list_places
from mail.services import mailboxes

USES = [value for value in SpecialUse.values if value]


class Shown(NamedTuple):
    """A mailbox as somebody is shown it; counts are None where he may not read it."""

    id: str
    name: str
    owner: Mapping[str, Any]
    special_use: str | None
    selectable: bool
    rights: str
    messages: int | None
    unseen: int | None
    size: int | None
    etag: str


class MailboxSerializer(serializers.Serializer[Shown]):
    """A mailbox."""

    id = serializers.CharField(help_text="Never changes, whatever it is called.")
    name = serializers.CharField(
        help_text="Its path, levels divided by `/`. Of others it begins with `Other Users/ADDRESS/`"
        " or `Shared Folders/ADDRESS/`."
    )
    owner = OwnerSerializer()
    special_use = serializers.ChoiceField(USES, allow_null=True)
    selectable = serializers.BooleanField(
        help_text="False for a name that only has mailboxes below it and holds no messages."
    )
    rights = serializers.CharField(help_text="What you may do there: letters of RFC 4314.")
    messages = serializers.IntegerField(allow_null=True)
    unseen = serializers.IntegerField(allow_null=True, help_text="Messages you have not seen.")
    size = serializers.IntegerField(allow_null=True, help_text="Octets of all messages.")
    etag = serializers.CharField(help_text="What If-Match takes.")


class NewMailboxSerializer(serializers.Serializer[Any]):
    """A mailbox that is to be."""

    name = serializers.CharField(max_length=1_500, trim_whitespace=False)
    special_use = serializers.ChoiceField(USES, required=False, allow_null=True, default=None)


class RenamedMailboxSerializer(serializers.Serializer[Any]):
    """What can be changed of a mailbox."""

    name = serializers.CharField(
        max_length=1_500, trim_whitespace=False, help_text="As whole as in `name` of a mailbox."
    )


class MailboxQuery(PageQuery):
    """Which mailboxes."""

    owner = serializers.IntegerField(
        required=False, min_value=1, max_value=1 << 60, help_text="Those of one account alone."
    )


def version_of(place: Place) -> Version:
    """Return the state of a mailbox; a reader's own state is in its modseq too."""
    info = place.info
    return Version(f"{info.changed_modseq}", f"{info.highest_modseq}-{place.rights}")


def _show(places: Sequence[Place], account_id: int, login: str) -> list[Shown]:
    """Return mailboxes as an account is shown them; one query more where some are another's."""
    foreign = [place.info.collection_id for place in places if place.reader_id]
    seen = queries.count_seen(account_id, foreign) if foreign else {}
    return [_show_one(place, login, seen.get(place.info.collection_id, 0)) for place in places]


def _show_one(place: Place, login: str, seen: int) -> Shown:
    info = place.info
    other = names.parse_foreign(place.name) if place.reader_id else None
    may_read = "r" in place.rights
    unseen = info.items - seen if place.reader_id else info.unseen
    return Shown(
        id=info.object_id,
        name=place.name,
        owner={"id": info.account_id, "address": other.login if other else login},
        special_use=info.special_use or None,
        selectable=info.selectable,
        rights=place.rights,
        messages=info.items if may_read else None,
        unseen=unseen if may_read else None,
        size=info.bytes if may_read else None,
        etag=version_of(place).etag,
    )


def _key(place: Place) -> tuple[bool, bool, str, str]:
    """Order mailboxes: own before others', INBOX before the rest, then by name."""
    return place.reader_id != 0, place.name != "INBOX", place.name, place.info.object_id


@extend_schema_view(get=extend_schema(operation_id="list_mailboxes", summary="List mailboxes"))
class MailboxList(ListView[Shown]):
    """All mailboxes that somebody is shown."""

    tag = "Mailboxes"
    scopes: ClassVar[Mapping[str, str]] = {"GET": "mail:read", "POST": "mail:write"}
    query = MailboxQuery
    item_class = MailboxSerializer
    cursor_key = (bool, bool, str, str)

    def list_page(self, window: Window, filters: Mapping[str, Any]) -> Page[Shown]:
        """Return a page, own mailboxes first."""
        places, known = self._list(filters)
        page = page_of_all(places, window, _key, known.state().text())
        return Page(self._show(page.items), page.state, page.next)

    def list_changes(self, since: str, limit: int, filters: Mapping[str, Any]) -> Page[Shown]:
        """Return mailboxes that changed, also by their messages alone, and ids of those gone."""
        places, known = self._list(filters)
        change = known.changes_since(since, limit)
        found = {place.info.collection_id: place for place in places}
        items = self._show([found[key] for key in change.changed])
        return Page(items, change.state, removed=change.removed, more=change.more)

    def _list(self, filters: Mapping[str, Any]) -> tuple[list[Place], CollectionList]:
        """Return what somebody is shown, and what it hangs on."""
        wanted = filters.get("owner")
        owners = holdings.list_owners(self.account_id)
        places = [
            place
            for place in list_places(self.account_id)
            if wanted in (None, place.info.account_id)
        ]
        shown: dict[int, set[int]] = {}
        for place in places:
            shown.setdefault(place.info.account_id, set()).add(place.info.collection_id)
        whole = {self.account_id, *(o.account_id for o in owners if "l" in o.rights)}
        seen_as = (self.account_id, self.principal.login, wanted, owners)
        return sorted(places, key=_key), CollectionList(CollectionKind.MAIL, shown, seen_as, whole)

    def _show(self, places: Sequence[Place]) -> list[Shown]:
        return _show(places, self.account_id, self.principal.login)

    @extend_schema(
        operation_id="create_mailbox",
        summary="Create a mailbox",
        request=NewMailboxSerializer,
        responses={201: MailboxSerializer},
    )
    def post(self, request: Request) -> Response:
        """Create a mailbox and the levels above it that are not there yet.

        A name below another's mailbox makes it in his account, where that is granted.
        """
        wanted = self.read(NewMailboxSerializer)
        name, use = wanted["name"], wanted["special_use"] or ""
        owner, _ = find_new_name(self.account_id, name)

        def create() -> Place:
            found_owner, path = find_new_name(self.account_id, name)
            if use and found_owner != self.account_id:
                raise mailboxes.UseRefused("Special uses are for mailboxes of your own.")
            made = mailboxes.create_mailbox(found_owner, path, use)
            return get_place(self.account_id, made.object_id)

        made = write(owner, create)
        [shown] = self._show([made])
        location = f"{request.path}/{shown.id}"
        return self.answer(MailboxSerializer(shown).data, version_of(made), 201, location=location)


@extend_schema_view(
    get=extend_schema(
        operation_id="get_mailbox", summary="Read a mailbox", responses=MailboxSerializer
    )
)
class MailboxView(ObjectView[Place]):
    """One mailbox."""

    tag = "Mailboxes"
    scopes: ClassVar[Mapping[str, str]] = {
        "GET": "mail:read",
        "PATCH": "mail:write",
        "DELETE": "mail:write",
    }

    def find(self) -> Place:
        """Return the mailbox of the URL."""
        return get_place(self.account_id, self.kwargs["mailbox_id"])

    def version_of(self, found: Place) -> Version:
        """Return its state."""
        return version_of(found)

    def owner_of(self, found: Place) -> int:
        """Return whose it is."""
        return found.info.account_id

    def represent(self, found: Place) -> object:
        """Return what is shown of it."""
        [shown] = _show([found], self.account_id, self.principal.login)
        return MailboxSerializer(shown).data

    @extend_schema(
        operation_id="rename_mailbox",
        summary="Rename a mailbox",
        request=RenamedMailboxSerializer,
        responses=MailboxSerializer,
    )
    def patch(self, request: Request, mailbox_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Rename a mailbox with all below it. INBOX keeps its name, and cannot be renamed here."""
        new = self.read(RenamedMailboxSerializer).get("name")

        def rename(place: Place) -> Place:
            place.require("x")
            owner, name = find_new_name(self.account_id, new or place.name)
            if owner != place.info.account_id:
                raise Invalid("A mailbox stays in its account: copy the messages instead.")
            if place.info.name == "INBOX":
                raise Invalid("INBOX keeps its name: move its messages instead.")
            if name != place.info.name:
                mailboxes.rename_mailbox(owner, place.info.name, name)
            return self.find()

        return self.change(rename)

    @extend_schema(operation_id="delete_mailbox", summary="Delete a mailbox", responses={204: None})
    def delete(self, request: Request, mailbox_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Delete a mailbox with its messages; they can be restored for a while.

        Where mailboxes are below it, its name stays, with another id.
        """

        def delete(place: Place) -> None:
            place.require("x")
            mailboxes.delete_mailbox(place.info.account_id, place.info.name)

        return self.remove(delete)
