"""Bodies of requests: JSON (RFC 8259) in bounds, so that none costs more than its octets."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from rest_framework.parsers import BaseParser

from groupware.core import limits
from groupware.core.errors import TooLarge
from groupware.core.limit import Limit
from groupware.rest.errors import BadRequest


class JsonParser(BaseParser):
    """JSON of at most a limit's octets; a view with larger ones has a parser of its own."""

    media_type = "application/json"
    limit: Limit = limits.API_BODY

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,  # noqa: ARG002 (DRF's)
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:
        """Return the value; raises `BadRequest`, `TooLarge`."""
        return parse_json(read_body(stream, self.limit))


def read_body(stream: Any, limit: Limit) -> bytes:
    """Return the octets of a body; raises `TooLarge` for more than a limit has."""
    most = limit.value
    octets: bytes = stream.read(most + 1)
    if len(octets) > most:
        raise TooLarge(f"The body of this request has at most {most} octets.")
    return octets


def parse_json(octets: bytes) -> Any:
    """Return the value of JSON in UTF-8; raises `BadRequest`."""
    try:
        return json.loads(octets.decode("utf-8-sig"), parse_constant=_refuse)
    except RecursionError as error:
        raise BadRequest("The body is nested too deep.") from error
    except UnicodeDecodeError as error:
        raise BadRequest("The body is not in UTF-8.") from error
    except ValueError as error:
        raise BadRequest(f"The body is no JSON: {error}.") from error


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no value of JSON")
