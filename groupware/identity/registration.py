"""What identity adds to the kernel."""

from django.conf import settings

from groupware.core import auth, factors, livesessions
from groupware.identity import ldap
from groupware.identity.services.factors import forget
from groupware.identity.services.sessions import BROWSERS, WEB


def register() -> None:
    """Register what makes up a second factor, who lists browsers, and the verifier of passwords that LDAP keeps."""
    factors.register_reset(forget)
    livesessions.register(WEB, BROWSERS)
    if settings.GROUPWARE_LDAP is not None:
        auth.register_password_verifier(ldap.verify)
