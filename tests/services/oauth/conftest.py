"""An application, and time that passes."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from groupware.core.models import Account
    from tests.services.oauth.flow import App

Later = Callable[..., None]


@pytest.fixture
def app(ann: "Account") -> "App":
    """Return a public application, in front of ann."""
    from tests.services.oauth.flow import App, signed_in

    return App.register(signed_in(ann))


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Return what lets time pass, for the toolkit as well."""
    from groupware.core import clock

    def pass_time(**spans: float) -> None:
        moment = clock.now() + timedelta(**spans)
        for module in ("groupware.core.tokens.now", "groupware.oauth.validator.now",
                       "groupware.oauth.services.tokens.now", "django.utils.timezone.now"):  # fmt: skip
            monkeypatch.setattr(module, lambda: moment)

    return pass_time
