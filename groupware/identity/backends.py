"""Who a browser's session belongs to. Nobody signs in here: that is `services.signin` alone."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from groupware.core.models import Account


class WebBackend(ModelBackend):
    """Django's backend without its way in: `django.contrib.auth.authenticate` proves nobody.

    A password alone would go around the second factor, and around the throttle.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Prove nobody."""

    def get_user(self, user_id: int) -> Account | None:
        """Return the account of a session, while it may log in."""
        account = Account.objects.filter(pk=user_id).first()
        return account if account is not None and account.can_log_in else None
