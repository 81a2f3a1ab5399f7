"""Cards as JSON has them: what is checked of a request, and told in the schema.

The words are those of `contacts.vcard.forms`, which has the last word on values.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rest_framework import serializers

from contacts.vcard.cards import KINDS
from contacts.vcard.forms.entries import CONTEXTS, FEATURES
from contacts.vcard.forms.errors import BadField
from groupware.rest.errors import WrongFields

TEXT = 64 << 10
DAY = "A day as 1980-01-31, or --01-31 where the year is not told."


@contextmanager
def told_by_field() -> Iterator[None]:
    """Let what is wrong with a form be told by a pointer to its field."""
    try:
        yield
    except BadField as error:
        raise WrongFields({f"/{error.field}": error.text}) from error


def _text(most: int = 1_000, **options: Any) -> serializers.CharField:
    return serializers.CharField(
        **{"max_length": most, "required": False, "allow_blank": True, **options}
    )


class NamePartsSerializer(serializers.Serializer[Any]):
    """A name in its parts."""

    family = _text()
    given = _text()
    additional = _text()
    prefixes = _text()
    suffixes = _text()


class _EntrySerializer(serializers.Serializer[Any]):
    contexts = serializers.ListField(
        child=serializers.ChoiceField(CONTEXTS), required=False, max_length=2
    )
    preferred = serializers.BooleanField(required=False)


class ContactEmailSerializer(_EntrySerializer):
    """A mail address of somebody."""

    address = serializers.CharField(max_length=320)


class ContactPhoneSerializer(_EntrySerializer):
    """A number of somebody."""

    number = serializers.CharField(max_length=255)
    features = serializers.ListField(
        child=serializers.ChoiceField(FEATURES), required=False, max_length=len(FEATURES)
    )


class ContactAddressSerializer(_EntrySerializer):
    """A postal address of somebody."""

    po_box = _text()
    extended = _text()
    street = _text()
    locality = _text(help_text="The town.")
    region = _text()
    postcode = _text()
    country = _text()


class ContactLinkSerializer(_EntrySerializer):
    """An address on the web."""

    uri = serializers.CharField(max_length=2_000)


for _kind in (
    ContactEmailSerializer,
    ContactPhoneSerializer,
    ContactAddressSerializer,
    ContactLinkSerializer,
):
    # A field cannot be named so in a class body: serializers have an attribute of that name.
    _kind._declared_fields["label"] = _text(255, help_text="In a person's own words.")  # noqa: SLF001


class ChangedContactSerializer(serializers.Serializer[Any]):
    """What can be changed of a contact; whatever is left out stays as it is."""

    kind = serializers.ChoiceField(KINDS, required=False)
    full_name = _text(allow_blank=False)
    name = NamePartsSerializer(required=False)
    nicknames = serializers.ListField(
        child=serializers.CharField(max_length=255), required=False, max_length=50
    )
    organization = _text()
    units = serializers.ListField(
        child=serializers.CharField(max_length=255), required=False, max_length=20
    )
    title = _text()
    role = _text()
    emails = ContactEmailSerializer(many=True, required=False)
    phones = ContactPhoneSerializer(many=True, required=False)
    addresses = ContactAddressSerializer(many=True, required=False)
    links = ContactLinkSerializer(many=True, required=False)
    birthday = _text(40, allow_null=True, help_text=DAY)
    anniversary = _text(40, allow_null=True, help_text=DAY)
    note = _text(TEXT, trim_whitespace=False)
    categories = serializers.ListField(
        child=serializers.CharField(max_length=255), required=False, max_length=100
    )
    members = serializers.ListField(
        child=serializers.CharField(max_length=1_000),
        required=False,
        max_length=5_000,
        help_text="Of a group: the `uid` of each contact in it.",
    )


class NewContactSerializer(ChangedContactSerializer):
    """A contact that is to be; it has a `full_name`, or a `name` in parts."""

    address_book = serializers.CharField(
        required=False, max_length=32, help_text="Its id; without one your own first one."
    )
    uid = serializers.CharField(required=False, max_length=255)


class ContactSerializer(ChangedContactSerializer):
    """A contact. What vCard says beyond this is in `raw`, and survives each change."""

    id = serializers.CharField(help_text="Never changes while it is in its address book.")
    address_book = serializers.CharField(help_text="The id of its address book.")
    uid = serializers.CharField(allow_null=True)
    has_photo = serializers.BooleanField()
    etag = serializers.CharField(help_text="What If-Match takes.")


class EntrySerializer(ChangedContactSerializer):
    """Somebody of the own domain, as its directory has him."""

    id = serializers.CharField()
    uid = serializers.CharField(allow_null=True)
    has_photo = serializers.BooleanField()
    etag = serializers.CharField()
