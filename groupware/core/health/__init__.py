"""Whether each part of the suite does its work: who has a part says how it is looked at.

A part registers a `Part`; whoever asks is told at once or after `HEALTH_TIMEOUT` at the latest,
whatever hangs. How long a part has been as it is, all processes of a machine know together.
"""

from groupware.core.health.looking import Health, list_health, list_parts, register
from groupware.core.health.parts import Outcome, Part, State, Text

__all__ = [
    "Health",
    "Outcome",
    "Part",
    "State",
    "Text",
    "list_health",
    "list_parts",
    "register",
]
