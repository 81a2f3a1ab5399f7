"""Looking at all parts at once, bounded in time, and remembering since when each is as it is.

Every lane has a thread. One that hangs is left alone and never started a second time: its parts are
slow, and failed when they hang for longer. What was found is kept for a moment.
"""

import os
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog
from django.conf import settings
from django.db import connections
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from groupware.core import limits
from groupware.core.clock import epoch, monotonic
from groupware.core.health.parts import Outcome, Part, State, Text

KEPT_SECONDS = 3.0
"""For which nobody is looked at again."""
HANGS_SECONDS = 15
"""After which what does not answer in time is not believed to be slow any more."""

_log = structlog.get_logger("groupware.health")


@dataclass(frozen=True, slots=True)
class Health:
    """A part, how it is, and since when (epoch seconds) it is so, as far as is known."""

    part: Part
    outcome: Outcome
    since: int

    @property
    def state(self) -> State:
        """How it is."""
        return self.outcome.state


class _Lane:
    """One thread's look at parts; it outlives a caller that waits no longer."""

    def __init__(self, parts: Sequence[Part], seconds: float) -> None:
        self._parts, self._seconds = parts, seconds
        self.found: dict[str, Outcome] = {}
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def wait(self, seconds: float) -> None:
        self._thread.join(max(0.0, seconds))

    def _run(self) -> None:
        try:
            for part in self._parts:
                self.found[part.name] = _look_at(part, self._seconds)
        finally:
            connections.close_all()


def _look_at(part: Part, seconds: float) -> Outcome:
    try:
        return part.look(seconds)
    except TimeoutError:
        return _is_late(part)
    except Exception as error:  # noqa: BLE001 - a part that breaks is what is told of
        _log.warning("a part could not be looked at", part=part.name, exc_info=True)
        return Outcome(State.FAILED, _broken(part, error))


def _is_late(part: Part) -> Outcome:
    text = _(
        "{part} does not answer within {milliseconds} ms: it hangs, or the machine has too much to do."
        " Look at the load of the machine and at the log; what hangs for long ends by a restart."
    )
    milliseconds = limits.HEALTH_TIMEOUT.value
    return Outcome(State.SLOW, format_lazy(text, part=part.title, milliseconds=milliseconds))


def _broken(part: Part, error: Exception) -> Text:
    text = _("{part} could not be looked at ({kind}): the log has the reason.")
    return format_lazy(text, part=part.title, kind=type(error).__name__)


class Registry:
    """The parts that there are, and what was found of them last."""

    def __init__(self) -> None:
        self._parts: dict[str, Part] = {}
        self._lanes: dict[str, _Lane] = {}
        self._kept: dict[str, tuple[float, Health]] = {}
        self._lock = threading.Lock()

    def register(self, *parts: Part) -> None:
        """Let parts be looked at; one of the same name takes the place of another."""
        self._parts.update({part.name: part for part in parts})

    def parts(self) -> list[Part]:
        """Return them in their order."""
        return sorted(self._parts.values(), key=lambda part: (part.place, part.name))

    def forget(self) -> None:
        """Look at everything anew the next time."""
        with self._lock:
            self._kept.clear()

    def look(self, parts: Iterable[Part], *, kept: float = KEPT_SECONDS) -> list[Health]:
        """Return how parts are, at most `kept` seconds old."""
        chosen = list(parts)
        with self._lock:
            old = monotonic() - kept
            due = [part for part in chosen if self._kept.get(part.name, (0.0,))[0] <= old]
            for part, outcome in self._find(due):
                self._kept[part.name] = monotonic(), _remember(part, outcome)
            return [self._kept[part.name][1] for part in chosen]

    def _find(self, due: Sequence[Part]) -> list[tuple[Part, Outcome]]:
        seconds = limits.HEALTH_TIMEOUT.value / 1000
        ends = monotonic() + seconds
        lanes: dict[str, list[Part]] = {}
        for part in due:
            lanes.setdefault(part.lane or part.name, []).append(part)
        hanging = {name for name in lanes if name in self._lanes and self._lanes[name].is_running}
        self._lanes |= {name: _Lane(lanes[name], seconds) for name in lanes if name not in hanging}
        for name in lanes:
            self._lanes[name].wait(ends - monotonic())
        return [
            # What was found before it began to hang is of no use.
            (
                part,
                (name not in hanging and self._lanes[name].found.get(part.name)) or _is_late(part),
            )
            for name, held in lanes.items()
            for part in held
        ]


_registry = Registry()
register = _registry.register
list_parts = _registry.parts
forget = _registry.forget


def list_health(parts: Iterable[Part] | None = None) -> list[Health]:
    """Return how parts are, all of them where none are named, soon: see `HEALTH_TIMEOUT`."""
    return _registry.look(list_parts() if parts is None else parts)


def _remember(part: Part, outcome: Outcome) -> Health:
    """Return it with the moment since which it is so: a file of its name, which holds its state."""
    path = Path(settings.GROUPWARE_DATA) / "run" / "health" / part.name
    held, since = _read(path)
    if outcome.state is State.SLOW and held in {State.SLOW, State.FAILED}:
        # The same trouble, and by now it hangs: it has been so since it became slow.
        if held is State.FAILED or epoch() - since >= HANGS_SECONDS:
            outcome = Outcome(State.FAILED, outcome.text)
    elif held is not outcome.state:
        since = epoch()
    if held is not outcome.state:
        _write(path, outcome.state, since or epoch())
    return Health(part, outcome, since)


def _read(path: Path) -> tuple[State | None, int]:
    try:
        return State(path.read_text("ascii")), int(path.stat().st_mtime)
    except (OSError, ValueError):
        return None, 0


def _write(path: Path, state: State, since: int) -> None:
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    with suppress(OSError):  # where nothing can be written, nothing is remembered
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished.write_text(state, "ascii")
        os.utime(unfinished, (since, since))
        unfinished.replace(path)
