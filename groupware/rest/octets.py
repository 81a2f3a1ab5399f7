"""Bodies that are no JSON: iCalendar, vCard, pictures, as octets both ways. Errors stay JSON."""

import json
from collections.abc import Mapping
from typing import Any

from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from groupware.core import limits
from groupware.core.limit import Limit
from groupware.rest.bodies import read_body


def octets_of(request: Request) -> bytes:
    """Return the octets that a request came with; no parser is asked about an empty body."""
    data: Any = request.data
    return data if isinstance(data, bytes) else b""


class OctetsParser(BaseParser):
    """A body as it comes, of at most a limit's octets."""

    limit: Limit = limits.RESOURCE_SIZE

    def parse(  # type: ignore[override]
        self,
        stream: Any,
        media_type: str | None = None,  # noqa: ARG002 (DRF's)
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> bytes:
        """Return the octets; raises `TooLarge`."""
        return read_body(stream, self.limit)


class OctetsRenderer(BaseRenderer):
    """An answer of octets as it is; one that is an error as JSON."""

    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,  # noqa: ARG002 (DRF's)
        renderer_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> bytes:
        """Return the octets of an answer."""
        if data is None:
            return b""
        return data if isinstance(data, bytes) else json.dumps(data).encode()


class CalendarParser(OctetsParser):
    """An iCalendar object."""

    media_type = "text/calendar"


class CardParser(OctetsParser):
    """A vCard."""

    media_type = "text/vcard"


class CalendarRenderer(OctetsRenderer):
    """An iCalendar object."""

    media_type = "text/calendar"
    format = "ics"


class CardRenderer(OctetsRenderer):
    """A vCard."""

    media_type = "text/vcard"
    format = "vcf"


class PictureParser(OctetsParser):
    """A picture of any kind."""

    media_type = "image/*"
    limit = limits.PHOTO_SIZE


class PictureRenderer(OctetsRenderer):
    """A picture; which kind is said with it."""

    media_type = "image/*"
    format = "picture"
