"""Structured logs on stderr, from structlog and the standard library alike.

Every line of a session carries its id through every layer, bound once by `bind_session`. Secrets
and content never reach a line: values under known keys are hidden, whoever logs them.
"""

import logging
import secrets
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

HIDDEN = "[hidden]"
HIDDEN_KEYS = frozenset(
    {
        "argument",
        "arguments",
        "authorization",
        "body",
        "bytes",
        "code",
        "content",
        "cookie",
        "credential",
        "credentials",
        "data",
        "hash",
        "header",
        "headers",
        "initial_response",
        "key",
        "line",
        "literal",
        "message_bytes",
        "otp",
        "passphrase",
        "password",
        "payload",
        "plaintext",
        "preview",
        "raw",
        "response",
        "secret",
        "secret_key",
        "session_key",
        "snippet",
        "subject",
        "text",
        "token",
    }
)
_HIDDEN_SUFFIXES = ("_password", "_secret", "_token", "_key", "_body", "_content")

_Event = MutableMapping[str, Any]


def configure_logging(level: str, form: str) -> None:
    """Set up this process: `level` as in GROUPWARE_LOG_LEVEL, `form` is text or json."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(form, colors=sys.stderr.isatty()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # SQL and its parameters are content.
    logging.getLogger("django.db.backends").setLevel("WARNING")
    # One line for each wrong URL that anyone asks for is noise; failures of ours are kept.
    logging.getLogger("django.request").setLevel("ERROR")
    logging.getLogger("django.security.DisallowedHost").setLevel("CRITICAL")
    # Its lines name people's collections, and logins that failed; ours are groupware.dav's.
    logging.getLogger("radicale").setLevel("ERROR")
    logging.captureWarnings(capture=True)


def _renderers(form: str, *, colors: bool) -> list[structlog.types.Processor]:
    if form == "json":
        return [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
        ]
    # The plain traceback: the rich one prints the values of local variables.
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)]


def hide_secrets(_logger: object, _method: str, event: _Event) -> _Event:
    """Replace the values of keys that name a secret or content."""
    for key in event:
        if is_hidden(key):
            event[key] = HIDDEN
    return event


def is_hidden(key: str) -> bool:
    """Return whether the value under `key` never reaches a log line."""
    name = key.lower()
    return name in HIDDEN_KEYS or name.endswith(_HIDDEN_SUFFIXES)


def bind_session(protocol: str, **values: object) -> str:
    """Give the current context a new session id, carried by every line from here on."""
    session = secrets.token_hex(6)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(session=session, protocol=protocol, **values)
    return session


def unbind_session() -> None:
    """End the session of the current context, where the context outlives it."""
    structlog.contextvars.clear_contextvars()
