"""A connection to one of the servers that take mail for a destination, ready for MAIL."""

import ipaddress
import smtplib
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import structlog
from django.conf import settings

from groupware.core.dialing import is_allowed, is_listed
from mail.flow.relays import NO_TLS, OPPORTUNISTIC, STARTTLS, TLS, Relay
from mail.flow.replies import Reply, Unreachable, found_out, read_reply, soften
from mail.outbound import mtasts, routes
from mail.outbound.client import Client, usual_waits
from mail.outbound.routes import Target
from mail.outbound.transport import FAILED, Demand, unverified_context, verified_context

_DEMANDS = {
    TLS: Demand.IMPLICIT,
    STARTTLS: Demand.VERIFIED,
    OPPORTUNISTIC: Demand.OPPORTUNISTIC,
    NO_TLS: Demand.PLAIN,
}
_log = structlog.get_logger("groupware.queue")


@dataclass(frozen=True, slots=True)
class NextHop:
    """Where a message goes next: the servers of a domain, or a relay.

    `is_own`: the relay is the sender's alone, and takes what is for domains of ours too.
    """

    destination: str
    relay: Relay | None = None
    is_own: bool = False

    @property
    def key(self) -> str:
        """What connections to it have in common."""
        return self.relay.key if self.relay is not None else self.destination


@dataclass(slots=True)
class Connection:
    """A client that may send, and to whom."""

    client: Client
    host: str


Opened = Callable[[Client], None]


def connect(hop: NextHop, opened: Opened) -> Connection:
    """Return a connection to the first server that lets itself be spoken to.

    `opened` is told each client before anything is waited for. Raises `Unreachable` with what the
    last one said, never for good but where the destination takes no mail at all.
    """
    last = Unreachable(found_out("4.4.1", f"No server of {hop.destination} could be reached."))
    for target, demands in _ways(hop):
        for demand in demands:
            try:
                return Connection(_open(target, demand, hop.relay, opened), target.host)
            except _HandshakeFailed as error:
                last = Unreachable(found_out("4.7.5", str(error)), target.host)
                _log.info("no TLS", host=target.host, demand=demand.name, reason=str(error))
            except Unreachable as error:
                last = error
                break
    raise last


def _ways(hop: NextHop) -> Iterator[tuple[Target, list[Demand]]]:
    """Yield the addresses to try, and what is demanded there, the next where TLS fails."""
    if hop.relay is not None:
        demand = _DEMANDS[hop.relay.security]
        weaker = [Demand.PLAIN] if demand is Demand.OPPORTUNISTIC else []
        for target in routes.find_relay_targets(hop.relay.host, hop.relay.port):
            if hop.is_own:
                _check_own(hop.relay, target)
            yield target, [demand, *weaker]
        return
    is_domain = not hop.destination.startswith("[")
    policy = mtasts.find_policy(hop.destination) if is_domain else None
    matched = False
    for target in routes.find_targets(hop.destination):
        fits = policy is None or policy.mode == "none" or policy.matches(target.host)
        matched = matched or fits
        yield target, _demands(policy.mode if policy else "none", target.host, fits=fits)
    if not matched and policy is not None and policy.mode == "enforce":
        raise Unreachable(
            found_out("4.7.5", f"No server of {hop.destination} is one of its MTA-STS policy.")
        )


def _check_own(relay: Relay, target: Target) -> None:
    """Let nobody have this server speak to what only it can reach (`groupware.core.dialing`)."""
    is_open = relay.security == NO_TLS
    if not (is_listed(target.address) if is_open else is_allowed(target.address)):
        why = "is no public host" if not is_open else "may not be spoken to without TLS"
        raise Unreachable(
            found_out("4.4.4", f"{relay.host} {why} (GROUPWARE_SOURCE_NETWORKS)."), relay.host
        )


def _demands(mode: str, host: str, *, fits: bool) -> list[Demand]:
    """Return what is tried in turn with one address (RFC 8461 §5)."""
    if mode == "enforce":
        return [Demand.VERIFIED] if fits else []
    if mode == "testing" and not fits:
        _log.warning("not a server of its policy", host=host)
    first = [Demand.VERIFIED] if mode == "testing" and fits else []
    encrypted = [] if FAILED.has(host) else [Demand.OPPORTUNISTIC]
    return [*first, *encrypted, Demand.PLAIN]


class _HandshakeFailed(Exception):
    pass


def _open(target: Target, demand: Demand, relay: Relay | None, opened: Opened) -> Client:
    """Connect, greet and log in; raises `Unreachable`, and `_HandshakeFailed` for TLS alone."""
    client = Client(own_name(), usual_waits())
    opened(client)
    try:
        _begin(client, target, demand)
        _greet(client, target.host)
        if demand in {Demand.VERIFIED, Demand.OPPORTUNISTIC}:
            _encrypt(client, target.host, demand)
        if relay is not None and relay.user:
            _log_in(client, relay)
    except (Unreachable, _HandshakeFailed):
        client.close()
        raise
    except (OSError, ValueError) as error:
        client.close()
        raise Unreachable(broken(error, target), target.host) from error
    return client


def _begin(client: Client, target: Target, demand: Demand) -> None:
    tls = verified_context() if demand is Demand.IMPLICIT else None
    try:
        greeting = client.open(target.host, (target.address, target.port), target.source, tls)
    except ssl.SSLError as error:
        raise _HandshakeFailed(_why(target.host, error)) from error
    if greeting.code != 220:
        raise Unreachable(soften(greeting), target.host)


def _greet(client: Client, host: str) -> None:
    """Say EHLO, and HELO to whom does not know it (RFC 5321 §3.2)."""
    code, text = client.ehlo()
    if not 200 <= code < 300 and 500 <= code < 600:
        code, text = client.helo()
    if not 200 <= code < 300:
        raise Unreachable(soften(read_reply(code, text)), host)


def _encrypt(client: Client, host: str, demand: Demand) -> None:
    is_verified = demand is Demand.VERIFIED
    if not client.has_extn("starttls"):
        if is_verified:
            raise _HandshakeFailed(f"{host} has no TLS, which is required.")
        return
    try:
        answer = client.encrypt(verified_context() if is_verified else unverified_context())
        if answer.code == 220:
            _greet(client, host)
    except OSError as error:
        if not is_verified:
            FAILED.note(host)
        raise _HandshakeFailed(_why(host, error)) from error
    if answer.code != 220 and is_verified:
        raise Unreachable(soften(answer), host)


def _why(host: str, error: OSError) -> str:
    text = getattr(error, "verify_message", "") or getattr(error, "reason", "") or _said(error)
    return f"{host} could not be spoken to by TLS: {text}."


def _log_in(client: Client, relay: Relay) -> None:
    if not client.has_extn("auth"):
        raise Unreachable(found_out("4.7.0", f"{relay.host} offers no AUTH."), relay.host)
    try:
        client.login(relay.user, relay.password)
    except smtplib.SMTPAuthenticationError as error:
        text = error.smtp_error if isinstance(error.smtp_error, bytes) else b""
        raise Unreachable(soften(read_reply(error.smtp_code, text)), relay.host) from error
    except smtplib.SMTPNotSupportedError as error:
        raise Unreachable(found_out("4.7.0", f"{relay.host}: {error}"), relay.host) from error


def broken(error: Exception, target: Target | None = None) -> Reply:
    """Return what a connection that broke means, said by this server."""
    where = f" {target.host} [{target.address}]:{target.port}" if target is not None else ""
    return found_out("4.4.2" if target is None else "4.4.1", f"{_said(error)}{where}")


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "It took too long"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text)[:200]


def own_name() -> str:
    """Return the name with which this server greets (RFC 5321 §4.1.1.1)."""
    name: str = settings.GROUPWARE_DOMAIN
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name
    return f"[{address}]" if address.version == 4 else f"[IPv6:{address}]"
