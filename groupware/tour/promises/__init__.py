"""The five promises, in the order of the tour."""

from collections.abc import Callable, Mapping

from groupware.tour.guest import Guest
from groupware.tour.promises import devices, groupware, space, speed, sync

PROMISES: Mapping[str, Callable[[Guest], None]] = {
    "devices": devices.prove,
    "sync": sync.prove,
    "space": space.prove,
    "speed": speed.prove,
    "groupware": groupware.prove,
}
