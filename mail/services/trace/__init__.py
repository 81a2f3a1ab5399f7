"""The trace: where each message went, step by step, and how much mail there is by the hour.

Whoever takes a step of a message says so by `note`, which costs a microsecond or two and asks
nobody; what was noted is written together, a moment later, by the process's flusher. So a process
that is killed takes with it the trace of its last second, and never any mail (docs/adr/0057).
"""

from mail.models import Step
from mail.services.trace.buffer import begin, end, flush, kept, note
from mail.services.trace.finding import (
    MOST_LISTED,
    DomainTraffic,
    TraceFilter,
    Traffic,
    follow,
    newest,
    search,
    traffic,
    traffic_by_domain,
)
from mail.services.trace.forgetting import forget
from mail.services.trace.note import Note, Passage, name_in, name_of

__all__ = [
    "MOST_LISTED",
    "DomainTraffic",
    "Note",
    "Passage",
    "Step",
    "TraceFilter",
    "Traffic",
    "begin",
    "end",
    "flush",
    "follow",
    "forget",
    "kept",
    "name_in",
    "name_of",
    "newest",
    "note",
    "search",
    "traffic",
    "traffic_by_domain",
]
