"""Fields of serializers that several apps have."""

from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from rest_framework import serializers

from groupware.core.addresses import BadAddress, parse_address


class AddressField(serializers.CharField):
    """An e-mail address, in its one form: lower-case, the domain in A-labels."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 320, **options})

    def to_internal_value(self, data: Any) -> str:
        """Return the address in its one form."""
        try:
            return "@".join(parse_address(super().to_internal_value(data)))
        except BadAddress as error:
            raise serializers.ValidationError(str(error)) from error


class ZoneField(serializers.CharField):
    """A time zone by its name in the database of zones, such as `Europe/Berlin`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 100, **options})

    def to_internal_value(self, data: Any) -> ZoneInfo:  # type: ignore[override]
        """Return the zone."""
        name = super().to_internal_value(data)
        if name not in available_timezones():
            raise serializers.ValidationError(
                f"There is no time zone {name}: write one such as Europe/Berlin."
            )
        return ZoneInfo(name)

    def to_representation(self, value: ZoneInfo) -> str:  # type: ignore[override]
        """Return the zone's name."""
        return value.key


class OwnerSerializer(serializers.Serializer[Any]):
    """Whose something is."""

    id = serializers.IntegerField(help_text="The number of the account.")
    address = serializers.CharField(help_text="Its address, which may change.")
