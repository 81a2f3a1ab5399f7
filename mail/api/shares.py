"""Whom a mailbox is shared with, over REST (RFC 4314): all of it one object, so that no change is lost.

What is granted on the whole account counts on each mailbox: it is told here, and changed there.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.core import rights
from groupware.core.errors import Invalid, NotFound
from groupware.core.models import Account, Collection, Domain, Group
from groupware.core.rights import Grantee, Rights, expand_obsolete, make_rights
from groupware.rest.changes import digest
from groupware.rest.conditions import Version
from groupware.rest.errors import WrongFields
from groupware.rest.views import ObjectView
from mail.places import Place, get_place

MOST = 500
"""Shares of one mailbox."""
_KINDS: Mapping[type, str] = {Account: "account", Group: "group", Domain: "domain"}


class Shared(NamedTuple):
    """A mailbox with whom it is shared: (grantee, kind, letters), here and everywhere."""

    place: Place
    here: Sequence[tuple[str, str, str]]
    everywhere: Sequence[tuple[str, str, str]]


class ShareSerializer(serializers.Serializer[Any]):
    """What somebody was granted."""

    grantee = serializers.CharField(
        max_length=320, help_text="The address of an account or a group, or a domain."
    )
    rights = serializers.RegexField(
        "^[lrswipkxteacd]{1,13}$",
        help_text="Letters of RFC 4314, such as `lrs` to read and `lrswipkxte` to write.",
    )


class ToldShareSerializer(ShareSerializer):
    """What somebody was granted, and who it is."""

    kind = serializers.ChoiceField(tuple(_KINDS.values()))


class SharesSerializer(serializers.Serializer[Any]):
    """Whom a mailbox is to be shared with."""

    shares = ShareSerializer(many=True)

    def validate_shares(self, value: list[Any]) -> list[Any]:
        """Bound what is many."""
        if len(value) > MOST:
            raise serializers.ValidationError(f"A mailbox is shared with at most {MOST}.")
        return value


class ToldSharesSerializer(serializers.Serializer[Any]):
    """Whom a mailbox is shared with."""

    shares = ToldShareSerializer(many=True)
    everywhere = ToldShareSerializer(
        many=True, help_text="What is granted on all that its owner has, and so here."
    )


@extend_schema_view(
    get=extend_schema(
        operation_id="get_mailbox_shares",
        summary="Read whom a mailbox is shared with",
        responses=ToldSharesSerializer,
    )
)
class SharesView(ObjectView[Shared]):
    """Whom a mailbox is shared with, for those who may administer it."""

    tag = "Mailboxes"
    scopes: ClassVar[Mapping[str, str]] = {"GET": "mail:read", "PUT": "mail:write"}

    def find(self) -> Shared:
        """Return the shares of the mailbox of the URL."""
        place = get_place(self.account_id, self.kwargs["mailbox_id"])
        place.require("a")
        held = [
            grant
            for grant in rights.list_grants(place.info.account_id)
            if grant.rights and grant.collection_id in {None, place.info.collection_id}
        ]
        here: list[tuple[str, str, str]] = []
        everywhere: list[tuple[str, str, str]] = []
        for grant in held:
            grantee = rights.grantee_of(grant)
            told = (str(grantee), _KINDS[type(grantee)], grant.rights)
            (everywhere if grant.collection_id is None else here).append(told)
        return Shared(place, sorted(here), sorted(everywhere))

    def version_of(self, found: Shared) -> Version:
        """Return its state."""
        return Version(digest(*found.here), digest(*found.everywhere))

    def owner_of(self, found: Shared) -> int:
        """Return whose mailbox it is."""
        return found.place.info.account_id

    def represent(self, found: Shared) -> object:
        """Return whom it is shared with."""
        told = {
            name: [
                {"grantee": grantee, "kind": kind, "rights": letters}
                for grantee, kind, letters in held
            ]
            for name, held in (("shares", found.here), ("everywhere", found.everywhere))
        }
        return ToldSharesSerializer(told).data

    @extend_schema(
        operation_id="share_mailbox",
        summary="Share a mailbox",
        request=SharesSerializer,
        responses=ToldSharesSerializer,
    )
    def put(self, request: Request, mailbox_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Share a mailbox with these, and with nobody else."""
        wanted = _read(self.read(SharesSerializer)["shares"])

        def share(found: Shared) -> Shared:
            info = found.place.info
            owner = Account.objects.select_related("domain").get(pk=info.account_id)
            collection = Collection.objects.get(pk=info.collection_id)
            changes = {grantee: _with_letters(letters) for grantee, letters in wanted.items()}
            rights.replace_grants(owner, collection, changes, _with_letters(""))
            return self.find()

        return self.change(share)


def _with_letters(letters: str) -> Any:
    """Return what gives somebody these letters, and leaves his named rights."""

    def change(held: Rights) -> Rights:
        return make_rights(expand_obsolete(letters), held.named)

    return change


def _read(shares: Sequence[Mapping[str, str]]) -> dict[Grantee, str]:
    """Return the letters by grantee; raises `WrongFields` for nobody, and for the same twice."""
    found: dict[Grantee, str] = {}
    for place, held in enumerate(shares):
        pointer = f"/shares/{place}/grantee"
        try:
            grantee = rights.find_grantee(held["grantee"])
        except (NotFound, Invalid) as error:
            raise WrongFields({pointer: error.message}) from error
        if grantee in found:
            raise WrongFields({pointer: "It is named twice."})
        found[grantee] = held["rights"]
    return found
