"""Settings of django-oauth-toolkit: the OAuth server of `groupware.oauth`."""

from typing import Any

from groupware.oauth import lifetimes

APPLICATION_MODEL = "oauth.Application"
PROVIDER: dict[str, Any] = {
    # Codes and renewals alone: no passwords, no tokens in addresses (RFC 9700 §2.1.2, §2.4).
    "OAUTH2_SERVER_CLASS": "oauthlib.oauth2.WebApplicationServer",
    "OAUTH2_VALIDATOR_CLASS": "groupware.oauth.validator.Validator",
    "SCOPES_BACKEND_CLASS": "groupware.oauth.validator.Scopes",
    "EXTRA_SERVER_KWARGS": {"token_expires_in": lifetimes.access_seconds},
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    # RFC 8252 §7.3: programs on a person's machine listen at whichever port is free.
    "ALLOW_LOCALHOST_LOOPBACK": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
}
