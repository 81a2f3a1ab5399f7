"""The parts of the whole that no app has: the ports of web and events, and a broker of its own."""

import structlog
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from kombu.connection import Connection

from groupware.core.health import Outcome, Part, State
from groupware.core.health.ports import Port

_log = structlog.get_logger("groupware.health")
_PAGES = _("these pages")
PORTS = (
    Port("HTTP", "web", _("Web"), _PAGES, 100, is_http=True),
    Port("HTTPS", "web", _("Web, TLS"), _PAGES, 110, is_tls=True, is_http=True),
    Port(
        "EVENTS",
        "events",
        _("Events"),
        _("a proxy leads programs here that hear of changes"),
        120,
        is_http=True,
    ),
)


def list_parts() -> list[Part]:
    """Return the parts of this installation."""
    parts = [port.part() for port in PORTS]
    if settings.GROUPWARE_BROKER_URL:
        parts.append(Part("broker", _("Broker"), look_at_broker, 50))
    return parts


def look_at_broker(seconds: float) -> Outcome:
    """Connect to Redis or RabbitMQ."""
    options = {"socket_connect_timeout": seconds, "socket_timeout": seconds}
    is_redis = settings.GROUPWARE_BROKER_URL.startswith("redis")
    try:
        with Connection(
            settings.GROUPWARE_BROKER_URL,
            connect_timeout=seconds,
            transport_options=options if is_redis else {},
        ) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
            connection.default_channel.close()
    except TimeoutError:
        raise
    except Exception:  # noqa: BLE001 - each transport has failures of its own
        _log.warning("broker unreachable", exc_info=True)
        text = _(
            "The broker of GROUPWARE_BROKER_URL does not answer: background work waits. Start it, or"
            " look at the address and the password; what waits is in the database and not lost."
        )
        return Outcome(State.FAILED, text)
    return Outcome(State.OK)
