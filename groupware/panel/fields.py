"""Fields of forms: sizes as people write them, lists of addresses, passwords."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from groupware.core.limits import DEFAULT_QUOTA
from groupware.core.sizes import parse_octets
from groupware.panel.navigation import Text

MOST_ADDRESSES = 10_000
"""Addresses that one form names."""
_FACTORS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def size_text(octets: int) -> str:
    """Return a size as `SizeField` reads it, exactly."""
    if not octets:
        return ""
    unit = max((unit for unit, factor in _FACTORS.items() if octets % factor == 0), key=_rank)
    return f"{octets // _FACTORS[unit]} {unit}B" if unit else str(octets)


def _rank(unit: str) -> int:
    return _FACTORS[unit]


class SizeField(forms.CharField):
    """A size in octets, written `10 GB` or `500 MB`; nothing is 0."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=20, required=False, **options)

    def to_python(self, value: object) -> Any:
        """Read it."""
        text = str(value or "").strip()
        if not text:
            return 0
        wrong = forms.ValidationError(_("Write a size such as 10 GB or 500 MB."), code="invalid")
        try:
            octets = parse_octets(text)
        except ValueError as error:
            raise wrong from error
        if octets > DEFAULT_QUOTA.highest:
            raise wrong
        return octets

    def validate(self, value: Any) -> None:
        """Take any number: `to_python` looked at its bounds."""

    def run_validators(self, value: Any) -> None:
        """Look at no length: it is a number by now."""

    def prepare_value(self, value: Any) -> Any:
        """Return what stands in the field."""
        return size_text(value) if isinstance(value, int) else value


class AddressesField(forms.CharField):
    """Addresses, one a line or parted by commas."""

    widget = forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocapitalize": "none"})

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MOST_ADDRESSES * 100, **options)

    def clean(self, value: Any) -> Any:
        """Return a list of the addresses, each once."""
        found = list(dict.fromkeys(re.split(r"[\s,;]+", super().clean(value).strip())))
        if len(found) > MOST_ADDRESSES:
            raise forms.ValidationError(
                _("At most %(most)s addresses at once."), params={"most": MOST_ADDRESSES}
            )
        return [address for address in found if address]

    def prepare_value(self, value: Any) -> Any:
        """Return what stands in the field."""
        return "\n".join(value) if isinstance(value, list) else value


class TypedField(forms.CharField):
    """What has to be typed once more before something is destroyed."""

    def __init__(self, wanted: str, label: Text) -> None:
        attrs = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        super().__init__(label=label, widget=forms.TextInput(attrs=attrs), max_length=320)
        self.wanted = wanted

    def clean(self, value: Any) -> Any:
        """Compare it."""
        if super().clean(value).casefold() != self.wanted.casefold():
            raise forms.ValidationError(
                _("That is not %(wanted)s: nothing was done."), params={"wanted": self.wanted}
            )
        return value
