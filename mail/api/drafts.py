"""Drafts and sending over REST."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.core import db
from groupware.core.addresses import BadAddress, parse_address
from groupware.core.errors import GroupwareError, Invalid, NotFound
from groupware.core.networks import network_of
from groupware.core.proxies import client_address
from groupware.rest import problems
from groupware.rest.errors import WrongFields, register
from groupware.rest.views import ApiView
from groupware.rest.writing import write
from mail import contents
from mail.api.finding import GONE, Message, actor_in, find_message
from mail.api.letters import (
    LetterParser,
    LetterSerializer,
    MessageParser,
    until_there,
    write_message,
)
from mail.api.octets import NEEDED
from mail.api.showing import MessageSerializer, OneMessage, show_message, version_of
from mail.flags import DRAFT
from mail.flow.clients import Client
from mail.flow.envelopes import Envelope, EnvelopeRecipient
from mail.listing import READ
from mail.mime.submitted import BadHeader, read_header
from mail.queries import get_mailbox_by_id
from mail.reading.addresses import read_addresses
from mail.refusals import Refused
from mail.services import fanout, submission
from mail.services.content import PreparedMessage, prepare_message
from mail.services.drafts import DraftPlace, replace_draft, save_draft, send_draft
from mail.services.messages import remove_messages
from mail.services.submission import Submitter

register(Refused, problems.LIMIT_EXCEEDED)

LETTER: Final[dict[str, Any]] = {
    "application/json": LetterSerializer,
    "message/rfc822": OpenApiTypes.BINARY,
}
_FIELDS: Final = tuple(dict.fromkeys((*READ, *NEEDED)))


class SentSerializer(serializers.Serializer[Any]):
    """A message that was taken to be sent."""

    recipients = serializers.ListField(
        child=serializers.CharField(), help_text="All whom it goes to."
    )


class LetterView(ApiView):
    """A view that takes letters, as JSON or as whole messages."""

    tag = "Drafts and sending"
    parser_classes = [LetterParser, MessageParser]

    def read_message(self) -> bytes:
        """Return the message of the body."""
        body: Any = self.request.data
        if isinstance(body, bytes):
            return body
        given = LetterSerializer(data=body)
        given.is_valid(raise_exception=True)
        return write_message(given.validated_data, self.account_id, self.principal.login)

    def submit(self, data: bytes) -> tuple[submission.Prepared, list[str]]:
        """Check and complete a message that is to be sent, and return whom it goes to."""
        submitter = self._submitter()
        recipients, author = _read_recipients(data, submitter.login)
        submission.check_sender(submitter, author)
        refused: dict[str, str] = {}
        for place, address in enumerate(recipients):
            try:
                submission.check_recipient(submitter, address, place, mail_from=author)
            except Refused:
                raise
            except GroupwareError as error:
                refused[f"/recipients/{place}"] = f"{address}: {error.message}"
        if refused:
            raise WrongFields(refused)
        is_ascii = author.isascii() and all(address.isascii() for address in recipients)
        envelope = Envelope(
            author,
            tuple(map(EnvelopeRecipient, recipients)),
            is_8bit=not data.isascii(),
            is_utf8=not is_ascii,
        )
        return submission.submit(data, envelope, submitter, self._client()), recipients

    def _submitter(self) -> Submitter:
        principal = self.principal
        return Submitter(principal.account_id, principal.login, principal.app_password_id)

    def _client(self) -> Client:
        network = network_of(str(client_address(self.request.META)))
        session = self.request.headers.get("X-Request-ID", "")[:40] or "api"
        name = session if session.isascii() and session.isalnum() else "api"
        return Client(str(network), "api", name, "HTTP")


def _read_recipients(data: bytes, login: str) -> tuple[list[str], str]:
    """Return whom a message names as recipients, and its author; raises `Invalid`."""
    try:
        header = read_header(data)
    except BadHeader as error:
        raise Invalid(str(error)) from error
    named = [
        person.address
        for name in (b"to", b"cc", b"bcc")
        for field in header.all(name)
        for person in read_addresses(field.value)
    ]
    recipients = list(dict.fromkeys(map(_whole, named)))
    if not recipients:
        raise Invalid("The message goes to nobody: name somebody in to, cc or bcc.")
    authors = [
        person.address for field in header.all(b"from") for person in read_addresses(field.value)
    ]
    return recipients, authors[0] if authors else login


def _whole(text: str) -> str:
    try:
        parse_address(text)
    except BadAddress as error:
        raise Invalid(f"It cannot be sent to {text[:200]!r}: {error}") from error
    return text


class DraftList(LetterView):
    """Drafts that are to be; they are listed as messages of the mailbox that is for drafts."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": "mail:write"}

    @extend_schema(
        operation_id="create_draft",
        summary="Save a new draft",
        request=LETTER,
        responses={201: MessageSerializer},
    )
    def post(self, request: Request) -> Response:
        """Put a letter into your Drafts. A whole message, as `message/rfc822`, does as well."""
        data = self.read_message()

        def save() -> Message:
            prepared = prepare_message(data)

            def file() -> Message:
                collection_id, appended = save_draft(self.account_id, prepared)
                object_id = get_mailbox_by_id(collection_id).object_id
                return find_message(self.account_id, f"{object_id}-{appended.uid}")

            return write(self.account_id, file)

        draft = until_there(save)
        shown = show_message(draft.place, draft.row)
        location = f"{request.path}/{shown['id']}"
        version = version_of(draft.row)
        return self.answer(MessageSerializer(shown).data, version, 201, location=location)


@extend_schema_view(
    get=extend_schema(operation_id="get_draft", summary="Read a draft", responses=MessageSerializer)
)
class DraftView(LetterView, OneMessage):
    """One draft: a message with the flag `draft`."""

    scopes: ClassVar[Mapping[str, str]] = {
        "GET": "mail:read",
        "PUT": "mail:write",
        "DELETE": "mail:write",
    }

    def find(self) -> Message:
        """Return the draft of the URL."""
        return find_draft(self.account_id, self.kwargs["draft_id"])

    @extend_schema(
        operation_id="replace_draft",
        summary="Change a draft",
        request=LETTER,
        responses=MessageSerializer,
    )
    def put(self, request: Request, draft_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Put another letter in the place of a draft: it has another id from then on."""
        data = self.read_message()

        def replace(found: Message, prepared: PreparedMessage) -> Message:
            found.place.require("ite")
            actor = actor_in(found.place, self.account_id)
            appended = replace_draft(_place_of(found), prepared, actor)
            return find_message(
                self.account_id, f"{found.place.info.object_id}-{appended.uid}", _FIELDS
            )

        def change() -> Response:
            prepared = prepare_message(data)
            return self.change(lambda found: replace(found, prepared))

        return until_there(change)

    @extend_schema(operation_id="delete_draft", summary="Delete a draft", responses={204: None})
    def delete(self, request: Request, draft_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Delete the draft for good."""

        def delete(found: Message) -> None:
            found.place.require("te")
            info = found.place.info
            remove_messages(info.account_id, info.collection_id, found.ranges, kept=True)

        return self.remove(delete)


def find_draft(account_id: int, draft_id: str) -> Message:
    """Return a draft that somebody may read; raises `NotFound` for any other message."""
    found = find_message(account_id, draft_id, _FIELDS)
    if not found.row["flags"] & DRAFT:
        raise NotFound(GONE)
    return found


def _place_of(found: Message) -> DraftPlace:
    return DraftPlace(found.place.info.account_id, found.place.info.collection_id, found.uid)


class SendDraftView(LetterView):
    """A draft that is sent."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": "mail:send"}

    @extend_schema(
        operation_id="send_draft",
        summary="Send a draft",
        request=None,
        responses={202: SentSerializer},
    )
    def post(self, request: Request, draft_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Send a draft of your own, which leaves Drafts for Sent in the same moment.

        It goes to everybody in To, Cc and Bcc. With an `Idempotency-Key` it is sent once.
        """
        with db.read_snapshot():
            found = find_draft(self.account_id, draft_id)
        if found.place.reader_id:
            raise Invalid("A draft is sent from a mailbox of your own: copy it to your Drafts.")
        data = b"".join(contents.read_whole(found.row))

        def send() -> list[str]:
            prepared, recipients = self.submit(data)
            fanout.begin_here(send_draft(prepared, _place_of(found)))
            return recipients

        return _sent(until_there(send))


class SendView(LetterView):
    """A letter that is sent."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": "mail:send"}

    @extend_schema(
        operation_id="send_message",
        summary="Send a message",
        request=LETTER,
        responses={202: SentSerializer},
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002 (DRF's)
        """Send a letter, or a whole message as `message/rfc822`; a copy is filed in Sent.

        It goes to everybody in To, Cc and Bcc. With an `Idempotency-Key` it is sent once, however
        often it is asked for. What becomes of it comes by mail.
        """
        data = self.read_message()

        def send() -> list[str]:
            prepared, recipients = self.submit(data)
            fanout.begin_here(submission.commit(prepared))
            return recipients

        return _sent(until_there(send))


def _sent(recipients: list[str]) -> Response:
    return Response(SentSerializer({"recipients": recipients}).data, 202)
