"""Looking for messages in the trace, and at the traffic; who asks sees what his domains may."""

from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Max, Q, QuerySet, Sum

from groupware.core import db
from mail.models import TraceEntry, TrafficHour
from mail.services.trace.storing import HOUR, MICROSECONDS

MOST_LISTED = 1_000

Reach = frozenset[int] | None
"""Domains by their ids; None for all, and what is of none."""
Place = tuple[int, int]
"""The moment of an entry and its id: where it stands among the others."""


@dataclass(frozen=True, slots=True)
class TraceFilter:
    """Which entries are meant; what is empty says nothing.

    `text` is in the sender, the recipient or the Message-ID, or it is the reference; `message_id`
    is the whole of it, with or without brackets. `since` and `until` are in epoch seconds.
    """

    domain_ids: Reach = None
    text: str = ""
    sender: str = ""
    recipient: str = ""
    message_id: str = ""
    step: str = ""
    since: int | None = None
    until: int | None = None


def search(
    wanted: TraceFilter, *, before: Place | None = None, limit: int = MOST_LISTED
) -> list[TraceEntry]:
    """Return what is meant, the newest first, from behind the entry at `before` on."""
    found = _matching(wanted)
    if before is not None:
        moment, key = before
        found = found.filter(Q(moment__lt=moment) | Q(moment=moment, id__lt=key))
    with db.read_snapshot():
        return list(found.order_by("-moment", "-id")[:limit])


def follow(message: str, domain_ids: Reach = None, *, limit: int = MOST_LISTED) -> list[TraceEntry]:
    """Return the way of a message in order, the first steps first, by its Message-ID.

    A message that has none is named by the `reference` of its entries.
    """
    name = _bare(message)
    is_it = Q(message_id=name) | Q(message_id="", reference=name)
    found = _of(domain_ids).filter(is_it if name else Q(pk__in=[]))
    with db.read_snapshot():
        return list(found.order_by("moment", "id")[:limit])


def newest(wanted: TraceFilter) -> int:
    """Return the id of the newest entry that is meant; 0 for none."""
    return _matching(wanted).aggregate(newest=Max("id"))["newest"] or 0


def _of(domain_ids: Reach) -> QuerySet[TraceEntry]:
    found = TraceEntry.objects.all()
    return found if domain_ids is None else found.filter(domain_id__in=domain_ids)


def _matching(wanted: TraceFilter) -> QuerySet[TraceEntry]:
    found = _of(wanted.domain_ids)
    if text := _bare(wanted.text):
        found = found.filter(
            Q(sender__icontains=text)
            | Q(recipient__icontains=text)
            | Q(message_id__icontains=text)
            | Q(reference=text)
        )
    if wanted.sender:
        found = found.filter(sender__icontains=wanted.sender)
    if wanted.recipient:
        found = found.filter(recipient__icontains=wanted.recipient)
    if wanted.message_id:
        found = found.filter(message_id=_bare(wanted.message_id))
    if wanted.step:
        found = found.filter(step=wanted.step)
    if wanted.since is not None:
        found = found.filter(moment__gte=wanted.since * MICROSECONDS)
    if wanted.until is not None:
        found = found.filter(moment__lt=wanted.until * MICROSECONDS)
    return found


def _bare(text: str) -> str:
    return text.strip().removeprefix("<").removesuffix(">")


class Traffic(NamedTuple):
    """How much mail there was within one hour, which began at `moment` (epoch seconds)."""

    moment: int
    direction: str
    messages: int
    octets: int
    failed: int


class DomainTraffic(NamedTuple):
    """How much mail a domain had; `domain_id` None for what is of no domain of ours."""

    domain_id: int | None
    direction: str
    messages: int
    octets: int
    failed: int


_SUMS = (Sum("messages"), Sum("octets"), Sum("failed"))


def traffic(domain_ids: Reach, since: int, until: int | None = None) -> list[Traffic]:
    """Return the traffic of the domains together, by hour, the oldest first; none for idle hours.

    `since` and `until` are in epoch seconds; the hours in which they fall are among it.
    """
    rows = _hours(domain_ids, since, until).order_by("hour", "direction")
    summed = rows.values("hour", "direction").annotate(*_SUMS)
    return [Traffic(hour * HOUR, *rest) for hour, *rest in summed.values_list(*_names("hour"))]


def traffic_by_domain(
    domain_ids: Reach, since: int, until: int | None = None
) -> list[DomainTraffic]:
    """Return the traffic of each domain, all hours together; for the rest as `traffic`."""
    rows = _hours(domain_ids, since, until).order_by("domain_id", "direction")
    summed = rows.values("domain_id", "direction").annotate(*_SUMS)
    return [
        DomainTraffic(domain_id or None, *rest)
        for domain_id, *rest in summed.values_list(*_names("domain_id"))
    ]


def _names(key: str) -> tuple[str, ...]:
    return key, "direction", "messages__sum", "octets__sum", "failed__sum"


def _hours(domain_ids: Reach, since: int, until: int | None) -> QuerySet[TrafficHour]:
    found = TrafficHour.objects.filter(hour__gte=since // HOUR)
    if until is not None:
        found = found.filter(hour__lte=until // HOUR)
    return found if domain_ids is None else found.filter(domain_id__in=domain_ids)
