"""Submission: people here send what they write, once they have logged in (RFC 6409, RFC 4954)."""

from base64 import b64encode
from collections.abc import Mapping
from typing import ClassVar

import structlog

from groupware.core import aio, auth
from groupware.core.errors import AuthenticationFailed
from groupware.core.metrics import LOGINS
from groupware.core.publicurl import secure_url
from mail.flow.clients import Client
from mail.flow.envelopes import Envelope
from mail.sasl import Bearer, refusal
from mail.services import submission
from mail.services.submission import Submitter
from mail.smtp import responses
from mail.smtp.bodies import repair_line_ends
from mail.smtp.commands import SUBMISSION, Auth
from mail.smtp.connection import AnswerReceived
from mail.smtp.errors import reply_of
from mail.smtp.handlers import WITH_TLS
from mail.smtp.responses import reply
from mail.smtp.sasl import MECHANISMS, Credentials, Exchange, Token
from mail.smtp.session import Handler, Output, Refused, Shared, Transaction
from mail.smtp.taking import TakingSession
from mail.smtp.wire import ProtocolError

_log = structlog.get_logger("groupware.submission")


async def authenticate(session: "SubmissionSession", request: Auth) -> None:
    """AUTH (RFC 4954 §4), with or without an initial response."""
    if not session.may_log_in:
        session.refuse(responses.PRIVACY)
    elif session.is_logged_in:
        session.refuse(responses.LOGGED_IN_ALREADY)
    elif request.mechanism not in MECHANISMS:
        session.refuse(responses.UNKNOWN_MECHANISM)
    else:
        session.exchange = MECHANISMS[request.mechanism]()
        if request.initial is None:
            session.challenge()
        else:
            await session.take_answer(request.initial)


async def take_answer(session: "SubmissionSession", event: AnswerReceived) -> None:
    """Go on with what the client answered to the challenge."""
    refused, session.refused = session.refused, None
    if refused is not None:
        session.note_failure(refused)
    elif event.answer is None:
        session.refuse(responses.CANCELLED)
    else:
        await session.take_answer(event.answer)


class SubmissionSession(TakingSession):
    """A session with the mail program of somebody here."""

    name = "submission"
    commands = SUBMISSION
    handlers: ClassVar[Mapping[str, Handler]] = {
        **WITH_TLS,
        "AUTH": authenticate,
        "AUTH answer": take_answer,
    }

    def __init__(self, shared: Shared, output: Output, *, secure: bool) -> None:
        super().__init__(shared, output, secure=secure)
        self.exchange: Exchange | None = None
        self.refused: AuthenticationFailed | None = None
        """Why a token was refused, until the client has answered to that."""
        self._failed_logins = 0

    @property
    def is_logged_in(self) -> bool:
        """Tell whether somebody is logged in."""
        return self.principal is not None

    @property
    def may_log_in(self) -> bool:
        """Tell whether a password may be sent."""
        return self.secure or self.shared.allow_plaintext

    def keywords(self) -> list[str]:
        """Return what EHLO offers."""
        offers = self.may_log_in and not self.is_logged_in
        return super().keywords() + ([f"AUTH {' '.join(MECHANISMS)}"] if offers else [])

    def protocol_word(self, transaction: Transaction) -> str:
        """Return how a message comes (RFC 3848): from somebody who has logged in."""
        word = "UTF8SMTP" if transaction.mail.is_utf8 else "ESMTP"
        return word + ("SA" if self.secure else "A")

    # AUTH.

    def challenge(self) -> None:
        """Ask for the next answer."""
        assert self.exchange is not None
        self._ask(self.exchange.challenge)

    def _ask(self, challenge: bytes) -> None:
        self.connection.expect_answer()
        self.output.write(b"334 " + b64encode(challenge) + b"\r\n")

    async def take_answer(self, answer: bytes) -> None:
        """Go on with the exchange, which ends with who it is."""
        assert self.exchange is not None
        try:
            credentials = self.exchange.take(answer)
        except ProtocolError as error:
            self.refuse(reply(501, "5.5.2", f"Not understood: {error}"))
            return
        if credentials is None:
            self.challenge()
        elif isinstance(credentials, Bearer):
            await self._take_token(credentials)
        else:
            await self._take_password(credentials)

    async def _take_password(self, credentials: Credentials) -> None:
        if credentials.acts_for:
            self.refuse(responses.NOBODY_ACTS)
            return
        try:
            principal = await aio.authenticate(
                credentials.username,
                credentials.password,
                protocol="smtp",
                network=self.network,
                client=self.helo,
            )
        except AuthenticationFailed as error:
            self.note_failure(error)
        else:
            self._begin(principal)

    async def _take_token(self, said: Bearer) -> None:
        """Take a token; who has no good one is told how to have one first (RFC 7628 §3.2.2)."""
        assert isinstance(self.exchange, Token)
        try:
            principal = await aio.authenticate_token(
                said.token,
                protocol="smtp",
                network=self.network,
                login=said.login,
                client=self.helo,
            )
        except AuthenticationFailed as error:
            self.refused = error
            self._ask(refusal(self.exchange.mechanism, "smtp", secure_url()))
        else:
            self._begin(principal)

    def _begin(self, principal: auth.Principal) -> None:
        self.principal = principal
        LOGINS.labels("submission", "ok").inc()
        structlog.contextvars.bind_contextvars(account=principal.account_id)
        _log.info("logged in")
        self.write(responses.LOGGED_IN)

    def note_failure(self, error: AuthenticationFailed) -> None:
        """Refuse a login; one too many ends the session."""
        LOGINS.labels("submission", "refused").inc()
        _log.info("login refused", network=self.network, reason=type(error).__name__)
        self._failed_logins += 1
        too_many = self._failed_logins >= self.shared.limits.failed_logins
        self.answer(responses.TOO_MANY_FAILURES if too_many else reply_of(error))

    # Mail.

    async def check_sender(self, transaction: Transaction) -> None:
        """Refuse who is not logged in, and what the service does not let them send as."""
        if self.principal is None:
            raise Refused(responses.LOG_IN_FIRST if self.may_log_in else responses.TLS_FIRST)
        await self._check_current(self.principal)
        await aio.glance(submission.check_sender, self._submitter(), transaction.mail_from)

    async def check_recipient(self, address: str, transaction: Transaction) -> None:
        """Let pass whom the service does."""
        assert self.principal is not None
        await self._check_current(self.principal)
        await aio.glance(
            submission.check_recipient,
            self._submitter(),
            address,
            len(transaction.recipients),
            mail_from=transaction.mail_from,
        )

    async def store(self, data: bytes, transaction: Transaction) -> int:
        """Let the service complete the message, and write the row and the sender's own copy."""
        assert self.principal is not None
        await self._check_current(self.principal)
        data = repair_line_ends(data)
        said = transaction.envelope(), self._submitter(), self.client(transaction)
        return await aio.call_outside(_take, data, *said)

    async def _check_current(self, principal: auth.Principal) -> None:
        """Refuse a session that was revoked, at each step: it ends."""
        if not await aio.glance(auth.is_principal_current, principal):
            raise Refused(responses.REVOKED)

    def _submitter(self) -> Submitter:
        principal = self.principal
        assert principal is not None
        return Submitter(principal.account_id, principal.login, principal.app_password_id)


def _take(data: bytes, envelope: Envelope, submitter: Submitter, client: Client) -> int:
    prepared = submission.submit(data, envelope, submitter, client)
    return aio.write_from_thread(submission.commit, prepared)
