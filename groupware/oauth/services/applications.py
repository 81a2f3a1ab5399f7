"""Applications: programs that may ask people for tokens."""

import re
import secrets
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from oauth2_provider.models import RefreshToken

from groupware.core import audit, db, limits
from groupware.core.errors import Invalid, LimitExceeded, NotFound
from groupware.core.events import CredentialsChanged, publish
from groupware.core.scopes import SCOPES
from groupware.oauth.models import Application
from groupware.oauth.tokenhashes import digest

MAX_NAME: Final = 100
MAX_URIS: Final = 20
MAX_URI: Final = 1_000
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})

_URI: Final = re.compile(r"[a-z][a-z0-9+.-]*:[!-~]+")
_HOST: Final = re.compile(r"[a-z0-9.-]+|[0-9a-f:]+")


@dataclass(frozen=True, slots=True)
class NewApplication:
    """What an application is registered with.

    A confidential one runs on a server and keeps a secret; a public one is in everybody's hands.
    """

    name: str
    redirect_uris: tuple[str, ...]
    scopes: frozenset[str]
    is_confidential: bool = False


@dataclass(frozen=True, slots=True)
class Registered:
    """What an application is told once: its id, and its secret where it has one."""

    client_id: str
    client_secret: str


def create_application(new: NewApplication) -> Registered:
    """Register an application; raises `Invalid`, `LimitExceeded`."""
    name = new.name.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise Invalid("A name has 1 to {most} characters, all of them printable.", most=MAX_NAME)
    if not new.scopes or not new.scopes <= set(SCOPES):
        raise Invalid("Scopes are some of {scopes}.", scopes=", ".join(SCOPES))
    _check_uris(new.redirect_uris)
    secret = secrets.token_urlsafe(32) if new.is_confidential else ""
    kind = Application.CLIENT_CONFIDENTIAL if new.is_confidential else Application.CLIENT_PUBLIC
    with audit.change():
        if Application.objects.count() >= limits.OAUTH_APPLICATIONS.value:
            raise LimitExceeded(
                "There are {most} applications already, which is the most: delete one that "
                "nobody uses.",
                most=limits.OAUTH_APPLICATIONS.value,
            )
        made = Application.objects.create(
            client_id=secrets.token_hex(16),
            client_secret=digest(secret) if secret else "",
            hash_client_secret=False,
            client_type=kind,
            authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
            name=name,
            redirect_uris=" ".join(new.redirect_uris),
            scopes=" ".join(scope for scope in SCOPES if scope in new.scopes),
        )
        audit.record("application.create", _target(made), scopes=made.scopes)
    return Registered(made.client_id, secret)


def get_application(client_id: str) -> Application:
    """Return an application; raises `NotFound`."""
    rows = Application.objects.filter(client_id=client_id)
    # PostgreSQL knows no text with NUL.
    found: Application | None = None if "\0" in client_id else rows.first()
    if found is None:
        raise NotFound("There is no application {client_id}.", client_id=client_id)
    return found


def delete_application(client_id: str) -> None:
    """Delete an application with every token that it has; sessions of these end."""
    with audit.change():
        application = get_application(client_id)
        tokens = RefreshToken.objects.filter(application=application, revoked=None)
        holders = set(tokens.values_list("user_id", flat=True))
        target = _target(application)
        application.delete()
        for account_id in holders:
            tell(account_id)
        audit.record("application.delete", target)


def _target(application: Application) -> audit.Target:
    return audit.Target("application", application.pk, application.name)


def tell(account_id: int) -> None:
    """Let live sessions of an account look whether they may go on, after the commit."""
    event = CredentialsChanged(account_id)
    db.on_commit(lambda: publish(event))


def _check_uris(uris: tuple[str, ...]) -> None:
    if not 1 <= len(uris) <= MAX_URIS:
        raise Invalid(
            "An application has 1 to {most} addresses that answers may go to.", most=MAX_URIS
        )
    for uri in uris:
        if len(uri) > MAX_URI or not _URI.fullmatch(uri) or not _is_allowed(uri):
            raise Invalid(
                "{address} is no address that answers may go to: https://HOST/PATH, of a "
                "program on a person's own machine http://127.0.0.1/PATH (any port), or a "
                "scheme of its own such as org.example.app:/PATH; no fragment, no password.",
                address=uri[:200],
            )


def _is_allowed(uri: str) -> bool:
    """Whether codes may be sent there (RFC 6749 §3.1.2, RFC 8252 §7)."""
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if "#" in uri or "@" in parts.netloc or "*" in parts.netloc:
        return False
    if parts.scheme in {"http", "https"}:
        is_host = host is not None and bool(_HOST.fullmatch(host))
        return is_host and (parts.scheme == "https" or host in LOOPBACK)
    # RFC 8252 §7.1: a name that somebody has, turned around, as nobody else's scheme is.
    return "." in parts.scheme and not parts.netloc
