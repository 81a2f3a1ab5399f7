"""The text of server-sent events (WHATWG HTML §9.2). Pure."""

import json
from collections.abc import Mapping
from typing import Any

RETRY_MILLISECONDS = 3_000
"""After which a browser whose stream was cut connects anew."""
HEARTBEAT = b":\n\n"
"""A comment: it shows both ends, and what is between them, that the stream lives."""


def render_event(name: str, data: Mapping[str, Any], event_id: str) -> bytes:
    """Return one event; `data` is JSON on one line, `event_id` what Last-Event-ID will say."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return f"id: {event_id}\nevent: {name}\ndata: {text}\n\n".encode()


def render_opening() -> bytes:
    """Return what a stream begins with."""
    return f"retry: {RETRY_MILLISECONDS}\n\n".encode()
