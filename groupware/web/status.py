"""What runs, for the front page: whether each port answers as its protocol does."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from groupware.core import health
from groupware.core.health import Health, State, Text

_STATES = {
    State.OK: "running",
    State.ATTENTION: "running",
    State.SLOW: "slow",
    State.OFF: "off",
}
_WORDS = {
    "running": _("running"),
    "slow": _("answers slowly"),
    "off": _("off"),
    "not answering": _("not answering"),
}


@dataclass(frozen=True, slots=True)
class PortState:
    """One row of the table of what runs."""

    name: str
    port: int
    label: Text
    purpose: Text
    state: str  # "running", "slow", "not answering" or "off"

    @property
    def word(self) -> Text:
        """The state in the reader's language."""
        return _WORDS[self.state]

    @property
    def css(self) -> str:
        """The class of the state on the page."""
        return "down" if self.state == "not answering" else self.state


def port_states() -> list[PortState]:
    """Return the state of every port of the parts that exist."""
    return [_row(held) for held in health.list_health(list_ports())]


def list_ports() -> list[health.Part]:
    """Return the parts that listen at a port."""
    return [part for part in health.list_parts() if part.port is not None]


def _row(held: Health) -> PortState:
    part = held.part
    port = part.port() if part.port is not None else 0
    state = _STATES.get(held.state, "not answering")
    return PortState(part.name.upper(), port, part.title, part.purpose, state)
