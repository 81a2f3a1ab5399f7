"""What credentials reach: each method of a view names the scope that it takes.

A session and a password hold all scopes, an app password all but those of administration, a token
what it was given. What a person may do with which object is asked of the services.
"""

from typing import Final

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from groupware.core.auth import Principal
from groupware.core.errors import NotAllowed
from groupware.rest.errors import NotAuthenticated

ADMINISTRATION: Final = "admin:"


class HasScope(BasePermission):
    """Somebody is signed in, with the scope that the view names for the method."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Raise where nobody is signed in, or the scope is missing."""
        principal = request.auth
        if not isinstance(principal, Principal):
            raise NotAuthenticated(
                "Sign in with a token, or with your address and an app password."
            )
        scope = scope_of(view, request.method or "")
        if scope is None:
            # Whatever names no scope is open to nobody; what is no method at all is told as that.
            return not hasattr(view, (request.method or "").lower())
        if not holds(principal, scope):
            raise NotAllowed(f"The credentials lack the scope {scope}.")
        return True


def scope_of(view: APIView, method: str) -> str | None:
    """Return the scope that a method of a view takes; None where the view has no such method."""
    scopes: dict[str, str] = getattr(view, "scopes", {})
    return scopes.get("GET" if method == "HEAD" else method)


def holds(principal: Principal, scope: str) -> bool:
    """Tell whether somebody's credentials reach a scope."""
    if principal.scopes is not None:
        return scope in principal.scopes
    return principal.app_password_id is None or not scope.startswith(ADMINISTRATION)
