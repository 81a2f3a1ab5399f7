"""What the toolkit asks before it gives out, renews or takes back a token (RFC 6749, RFC 9700).

Differs from the toolkit's own in what lies in the database: digests alone, of codes and secrets of
applications as well. Its writes run in the transactions of `services.tokens`.
"""

import hmac
import re
from datetime import timedelta
from typing import Any, Final, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from oauth2_provider.models import AccessToken, Grant, RefreshToken
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.scopes import BaseScopes
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError

from groupware.core import limits
from groupware.core.clock import now
from groupware.core.scopes import SCOPES
from groupware.oauth.models import Application
from groupware.oauth.services import codes
from groupware.oauth.services.applications import tell
from groupware.oauth.services.tokens import refresh_deadline
from groupware.oauth.tokenhashes import digest

CHALLENGE_WANTED: Final = "A code_challenge of the method S256 is needed (RFC 7636)."

M = TypeVar("M", bound=Model)

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")


def is_challenge(challenge: str | None, method: str | None) -> bool:
    """Tell whether a code is to be bound to who asks for it, as RFC 7636 §4.2 says."""
    return method == "S256" and _CHALLENGE.fullmatch(challenge or "") is not None


def _locked(rows: QuerySet[M]) -> QuerySet[M]:
    """Keep rows until the transaction ends; there is none where nothing was found before it."""
    return rows.select_for_update() if connection.in_atomic_block else rows


class Scopes(BaseScopes):
    """The scopes of `groupware.core.scopes`, of which an application may ask for its own."""

    def get_all_scopes(self) -> dict[str, str]:
        """Return each scope with its words for people."""
        return {scope: str(text) for scope, text in SCOPES.items()}

    def get_available_scopes(self, application: Any = None, *_: Any, **__: Any) -> list[str]:
        """Return those that an application may ask for."""
        return list(SCOPES) if application is None else application.scopes.split()

    def get_default_scopes(self, application: Any = None, *_: Any, **__: Any) -> list[str]:
        """Return those of an application that names none: all that it may ask for."""
        return self.get_available_scopes(application)


class Validator(OAuth2Validator):
    """The toolkit's validator over what is kept here."""

    def _check_secret(self, provided_secret: str, stored_secret: str) -> bool:
        return bool(stored_secret) and hmac.compare_digest(digest(provided_secret), stored_secret)

    def is_pkce_required(self, _client_id: str, _request: Any) -> bool:
        """Whether a code is bound to who asked for it (RFC 7636): always."""
        return True

    # Codes are kept as digests.

    def _create_authorization_code(self, request: Any, code: Any, _expires: Any = None) -> Any:
        if not is_challenge(request.code_challenge, request.code_challenge_method):
            raise InvalidRequestError(description=CHALLENGE_WANTED, request=request)
        # What belongs to OpenID Connect and RFC 8707 means nothing here, and is not kept.
        request.nonce, request.claims, request.resource = "", {}, []
        until = now() + timedelta(seconds=limits.OAUTH_CODE_LIFETIME.value)
        hashed = {**code, "code": digest(code["code"])}
        return super()._create_authorization_code(request, hashed, until)

    def validate_code(
        self,
        client_id: str,
        code: str,
        client: Application,
        request: Any,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Whether a code is good; the row is this transaction's from now on, so that it is used once.

        One that was used before ends what came of it.
        """
        hashed = digest(code)
        held = _locked(Grant.objects.filter(code=hashed, application=client)).first()
        if held is None:
            codes.end_used(hashed, client)
        if held is None or not held.user.is_active:
            return False
        return bool(super().validate_code(client_id, hashed, client, request, *args, **kwargs))

    def confirm_redirect_uri(
        self, _client_id: str, code: str, redirect_uri: str, client: Application, *_: Any, **__: Any
    ) -> bool:
        """Whether the code was asked for with this address."""
        hashed = digest(code)
        asked = Grant.objects.filter(code=hashed, application=client, redirect_uri=redirect_uri)
        return bool(asked.exists())

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Any, *args: Any, **kwargs: Any
    ) -> None:
        """Use the code up, and note what it became."""
        hashed = digest(code)
        super().invalidate_authorization_code(client_id, hashed, request, *args, **kwargs)
        codes.note_used(hashed, request.made_refresh_token)

    def _create_refresh_token(self, request: Any, *args: Any) -> Any:
        request.made_refresh_token = super()._create_refresh_token(request, *args)
        return request.made_refresh_token

    def get_code_challenge(self, code: str, request: Any) -> Any:
        """Return what the verifier must hash to."""
        return super().get_code_challenge(digest(code), request)

    def get_code_challenge_method(self, code: str, request: Any) -> Any:
        """Return how it is hashed."""
        return super().get_code_challenge_method(digest(code), request)

    def get_authorization_code_scopes(
        self, client_id: str, code: str, redirect_uri: str, request: Any
    ) -> Any:
        """Return the scopes that the code is for."""
        return super().get_authorization_code_scopes(client_id, digest(code), redirect_uri, request)

    # Refresh tokens are used once; who shows one again ends the whole line.

    def validate_refresh_token(
        self, refresh_token: str, client: Application, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Whether a refresh token is good; used up before, it ends all that came of it."""
        checksum = digest(refresh_token)
        held = list(_locked(RefreshToken.objects.filter(token_checksum=checksum)))
        if any(token.created <= refresh_deadline() or not token.user.is_active for token in held):
            return False
        is_good = super().validate_refresh_token(refresh_token, client, request, *args, **kwargs)
        for token in held:
            tell(token.user_id)
        return bool(is_good)

    def revoke_token(
        self, token: str, token_type_hint: str, request: Any, *args: Any, **kwargs: Any
    ) -> None:
        """Take back a token, and all that belongs to it; its sessions end."""
        checksum = digest(token)
        for model in (AccessToken, RefreshToken):
            for account_id in model.objects.filter(token_checksum=checksum).values_list(
                "user_id", flat=True
            ):
                if account_id is not None:
                    tell(account_id)
        super().revoke_token(token, token_type_hint, request, *args, **kwargs)
