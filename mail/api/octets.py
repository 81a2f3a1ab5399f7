"""The octets of a message over REST: all of it, its parts, and its text made fit to be shown."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.core import db
from groupware.core.errors import NotFound
from groupware.rest.views import ApiView
from mail import contents
from mail.api.finding import find_message
from mail.api.showing import leaves_of
from mail.mime.html import strip_html
from mail.reading.html import clean_html
from mail.reading.structure import SHOWN_INLINE, Leaf, find_text

NEEDED: Final = ("uid", "bodystructure", *contents.NEEDED)
PLAIN: Final = "application/octet-stream"
_SAFE: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
}
"""What comes from outside opens as no page of this server's, whatever it says that it is."""


class OneForm(BaseContentNegotiation):
    """What is asked for comes in the one form that it has, whatever Accept says."""

    def select_parser(self, request: Request, parsers: Any) -> Any:  # noqa: ARG002 (DRF's)
        """Return the first parser."""
        return parsers[0]

    def select_renderer(
        self,
        request: Request,  # noqa: ARG002 (DRF's)
        renderers: Any,
        format_suffix: str | None = None,  # noqa: ARG002
    ) -> Any:
        """Return the first renderer, which tells errors."""
        return renderers[0], renderers[0].media_type


class OctetView(ApiView):
    """A view that answers with octets."""

    tag = "Messages"
    scopes: ClassVar[Mapping[str, str]] = {"GET": "mail:read"}
    content_negotiation_class = OneForm


def _stream(chunks: Iterator[bytes], kind: str, disposition: str) -> StreamingHttpResponse:
    headers = {**_SAFE, "Content-Disposition": disposition}
    return StreamingHttpResponse(chunks, content_type=kind, headers=headers)


@extend_schema_view(
    get=extend_schema(
        operation_id="get_raw_message",
        summary="Download a message",
        responses={(200, "message/rfc822"): OpenApiTypes.BINARY},
    )
)
class RawView(OctetView):
    """A message as it was delivered (RFC 5322)."""

    def get(self, request: Request, message_id: str) -> HttpResponseBase:  # noqa: ARG002 (DRF's)
        """Return the octets."""
        with db.read_snapshot():
            row = find_message(self.account_id, message_id, NEEDED).row
        disposition = content_disposition_header(as_attachment=True, filename="message.eml") or ""
        answer = _stream(contents.read_whole(row), "message/rfc822", disposition)
        answer.headers["Content-Length"] = str(contents.size_of_whole(row))
        return answer


class PartQuery(serializers.Serializer[Any]):
    """How a part is wanted."""

    inline = serializers.BooleanField(
        default=False,
        help_text="A GIF, JPEG, PNG or WebP picture to be shown by a browser in its place.",
    )


@extend_schema_view(
    get=extend_schema(
        operation_id="get_part",
        summary="Download an attachment",
        responses={(200, PLAIN): OpenApiTypes.BINARY},
    )
)
class PartView(OctetView):
    """A part of a message, decoded."""

    query = PartQuery

    def get(
        self,
        request: Request,  # noqa: ARG002 (DRF's)
        message_id: str,
        section: str,
    ) -> HttpResponseBase:
        """Return the octets, as something to be kept: a browser shows nothing but pictures."""
        inline = self.read_query()["inline"]
        with db.read_snapshot():
            row = find_message(self.account_id, message_id, NEEDED).row
        leaf = next((leaf for leaf in leaves_of(row) if leaf.section == section), None)
        entry = contents.find_entry(row, leaf.path) if leaf else None
        if leaf is None or entry is None:
            raise NotFound("The message has no such part.")
        shown = inline and leaf.media_type in SHOWN_INLINE
        name = leaf.filename or f"part-{section}"
        disposition = content_disposition_header(not shown, name) or "inline"
        return _stream(
            contents.read_part(row, entry), leaf.media_type if shown else PLAIN, disposition
        )


class BodyQuery(serializers.Serializer[Any]):
    """How the text is wanted."""

    remote = serializers.BooleanField(
        default=False,
        help_text="Leave in pictures of other servers. Each tells its server who reads when.",
    )


class BodySerializer(serializers.Serializer[Any]):
    """The text of a message."""

    html = serializers.CharField(
        allow_null=True,
        help_text="Harmless HTML for a page, or better for a sandboxed frame; null where the message"
        " has none. Pictures inside the message lead to its parts.",
    )
    text = serializers.CharField(allow_blank=True, help_text="Plain text, made of HTML if need be.")
    blocked = serializers.IntegerField(
        help_text="Things of other servers that were left out; `remote` shows the pictures."
    )
    is_cut = serializers.BooleanField(help_text="Whether there is more than is told here.")


@extend_schema_view(
    get=extend_schema(
        operation_id="get_body", summary="Read the text of a message", responses=BodySerializer
    )
)
class BodyView(ApiView):
    """The text of a message, made fit to be shown."""

    tag = "Messages"
    scopes: ClassVar[Mapping[str, str]] = {"GET": "mail:read"}
    query = BodyQuery

    def get(self, request: Request, message_id: str) -> Response:
        """Return plain text and clean HTML."""
        remote = self.read_query()["remote"]
        with db.read_snapshot():
            row = find_message(self.account_id, message_id, NEEDED).row
        leaves = leaves_of(row)
        base = f"{request.path.removesuffix('/body')}/parts"
        html, plain = find_text(leaves, "text/html"), find_text(leaves, "text/plain")
        told: dict[str, Any] = {"html": None, "text": "", "blocked": 0, "is_cut": False}
        if plain is not None:
            told["text"], told["is_cut"] = contents.read_text(row, plain)
        if html is not None:
            markup, is_cut = contents.read_text(row, html)
            cleaned = clean_html(markup, _addresses(leaves, base), remote=remote)
            told["html"], told["blocked"] = cleaned.html, cleaned.blocked
            told["is_cut"] = told["is_cut"] or is_cut or cleaned.is_cut
            if plain is None:
                told["text"] = strip_html(markup).strip()
        return Response(BodySerializer(told).data)


def _addresses(leaves: Sequence[Leaf], base: str) -> dict[str, str]:
    """Return where the pictures of a message are, by Content-ID."""
    return {
        leaf.content_id: f"{base}/{leaf.section}?inline=true"
        for leaf in leaves
        if leaf.content_id and leaf.media_type in SHOWN_INLINE
    }
