"""What identity adds to the kernel."""

from django.conf import settings

from groupware.core import auth, factors
from groupware.identity import ldap
from groupware.identity.services.factors import forget


def register() -> None:
    """Register what makes up a second factor, and the verifier of passwords that LDAP keeps."""
    factors.register_reset(forget)
    if settings.GROUPWARE_LDAP is not None:
        auth.register_password_verifier(ldap.verify)
