"""What an installation may set, in words: every variable of `groupware.environment`, and every limit.

The values come from the settings; of what holds a secret, `GROUPWARE_GIVEN` has what may be shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from groupware.core.health.parts import Text
from groupware.core.limit import Limit, Unit
from groupware.core.limits import LIMITS
from groupware.core.sizes import octets
from groupware.core.variabletable import NONE, VARIABLES, Variable

UNITS: Mapping[Unit, Text] = {
    Unit.SECONDS: _("seconds"),
    Unit.MILLISECONDS: _("milliseconds"),
    Unit.DAYS: _("days"),
    Unit.PERCENT: "%",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable as it is set: `value` is what counts, `default` what does where nothing is set."""

    name: str
    value: Text
    default: Text
    meaning: Text
    is_set: bool


def list_variables() -> list[Setting]:
    """Return every variable that is no limit, with what it is; no secret is in it."""
    given: Mapping[str, str] = settings.GROUPWARE_GIVEN
    return [_setting(held, given.get(held.name, "")) for held in VARIABLES]


def _setting(held: Variable, given: str) -> Setting:
    default = held.default
    value = given or default
    if not given and held.is_computed:
        value = _computed(held.name)
    return Setting(f"GROUPWARE_{held.name}", value, default, held.meaning, bool(given))


def _computed(name: str) -> str:
    """Return the default of a variable that depends on others, or on the machine."""
    value: str | int | Path | bool = getattr(settings, f"GROUPWARE_{name}")
    return str(int(value)) if isinstance(value, bool) else str(value)


def list_limits() -> list[Setting]:
    """Return every limit by its name."""
    given: Mapping[str, str] = settings.GROUPWARE_GIVEN
    return [_limit(held, given.get(held.name, "")) for held in sorted(LIMITS, key=lambda x: x.name)]


def _limit(held: Limit, given: str) -> Setting:
    name = f"GROUPWARE_{held.name}"
    value, default = show(held, held.value), show(held, held.default)
    return Setting(name, value, default, gettext(held.meaning), bool(given))


def show(limit: Limit, value: int) -> str:
    """Return a value of a limit with its unit."""
    if limit.unit is Unit.OCTETS:
        return octets(value)
    unit = UNITS.get(limit.unit)
    return str(value) if unit is None else f"{value} {unit}"


__all__ = ["NONE", "Setting", "list_limits", "list_variables", "show"]
