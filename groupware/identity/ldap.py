"""Passwords that an LDAP directory keeps: a verifier of `groupware.core.auth`, by django-auth-ldap.

The person is searched for by address, below the base and by the filter, and the password proven by
a bind as what was found. The directory makes no account here and changes none. It fails closed:
for an account of its domains the password that is kept here never counts. docs/adr/0051.
"""

import threading
from functools import lru_cache
from typing import Any

import structlog
from django.conf import settings

from groupware.core import limits
from groupware.core.clock import monotonic
from groupware.core.errors import Busy
from groupware.core.models import Account
from groupware.identity.providers import LdapServer

AWAY_SECONDS = 10.0
"""How long a directory that did not answer is not asked again: others' logins need the threads."""

_AWAY = "The directory that keeps the passwords does not answer: try again in a moment."
_log = structlog.get_logger("groupware.auth")
_guard = threading.Lock()
_away_until = [0.0]


def is_looked_up(account: Account) -> bool:
    """Return whether the account's password is the directory's to check."""
    server: LdapServer | None = settings.GROUPWARE_LDAP
    return server is not None and account.login.rpartition("@")[2] in server.domains


def verify(account: Account, password: str) -> bool | None:
    """Return whether the directory takes the password; None of an account that is not its own.

    Raises `Busy` where it does not answer.
    """
    server: LdapServer | None = settings.GROUPWARE_LDAP
    if server is None or not is_looked_up(account):
        return None
    if "\0" in password or any("\ud800" <= char <= "\udfff" for char in password):
        return False
    with _guard:
        if monotonic() < _away_until[0]:
            raise Busy(_AWAY, detail="asked a moment ago")
    backend = _backend_class()(server)
    proven = backend.authenticate(None, username=account.login, password=password)
    return proven is not None and proven.pk == account.pk


def forget_that_it_was_away() -> None:
    """Ask the directory again at once."""
    with _guard:
        _away_until[0] = 0.0


def _note_failure(*, exception: Exception, context: str, **_: object) -> None:
    """Take in what django-auth-ldap met (`ldap_error`): no wrong password, but no answer either."""
    with _guard:
        _away_until[0] = monotonic() + AWAY_SECONDS
    _log.error("LDAP failed", context=context, reason=type(exception).__name__)
    raise Busy(_AWAY, detail=repr(exception)) from exception


@lru_cache(maxsize=1)
def _backend_class() -> type[Any]:
    """Return our backend's class: its module is there only where the extra is installed."""
    import ldap
    from django_auth_ldap.backend import LDAPBackend, ldap_error
    from django_auth_ldap.config import LDAPSearch

    class Backend(LDAPBackend):  # type: ignore[misc]
        """django-auth-ldap's, with settings of ours, for accounts that are there."""

        def __init__(self, server: LdapServer) -> None:
            scope = ldap.SCOPE_SUBTREE
            self.settings_prefix = "_GROUPWARE_AUTH_LDAP_"  # no setting of Django's is read
            self.default_settings = {
                "SERVER_URI": server.url,
                "START_TLS": server.starts_tls,
                "BIND_DN": server.bind_dn,
                "BIND_PASSWORD": server.bind_password,
                "USER_SEARCH": LDAPSearch(server.base, scope, server.filter, ["1.1"]),
                "NO_NEW_USERS": True,
                "ALWAYS_UPDATE_USER": False,
                "CONNECTION_OPTIONS": _connection_options(ldap, server),
            }

        def get_or_build_user(self, username: str, _ldap_user: object) -> tuple[Account, bool]:
            """Return the account; the directory says nothing of it but that it is proven."""
            return Account.objects.get(login=username), False

    ldap_error.connect(_note_failure, sender=Backend, weak=False)
    return Backend


def _connection_options(ldap: Any, server: LdapServer) -> dict[int, object]:
    options: dict[int, object] = {
        ldap.OPT_PROTOCOL_VERSION: 3,
        ldap.OPT_REFERRALS: 0,
        ldap.OPT_NETWORK_TIMEOUT: limits.LDAP_TIMEOUT.value,
        ldap.OPT_TIMEOUT: limits.LDAP_TIMEOUT.value,
        ldap.OPT_X_TLS_REQUIRE_CERT: ldap.OPT_X_TLS_DEMAND,
    }
    if server.ca_file is not None:
        options[ldap.OPT_X_TLS_CACERTFILE] = str(server.ca_file)
    # The last one: it makes a context of what was set before it.
    options[ldap.OPT_X_TLS_NEWCTX] = 0
    return options
