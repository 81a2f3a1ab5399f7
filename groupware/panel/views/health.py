"""How each part of the server is: for the first page."""

from collections.abc import Sequence
from dataclasses import dataclass

from groupware.core import health
from groupware.core.administration import Administrator
from groupware.core.health import Health, State
from groupware.core.roles import Permission

_WELL = frozenset({State.OK, State.OFF})


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts that are turned on; `tells` whether their reader is to know the machine's insides."""

    found: Sequence[Health]
    tells: bool

    @property
    def troubled(self) -> Sequence[Health]:
        """Return those that somebody should look at."""
        return [held for held in self.found if held.state not in _WELL]


def look_at_parts(by: Administrator) -> Parts:
    """Look at all parts; it takes no longer than `HEALTH_TIMEOUT`."""
    found = [held for held in health.list_health() if held.state is not State.OFF]
    return Parts(found, by.may(Permission.INSTALL))
