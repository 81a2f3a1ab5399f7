"""Radicale's authentication and rights plug-ins.

Who it is was found out before Radicale is asked (`groupware.dav.application`): Radicale's own door
sleeps in the worker after a failure.
"""

from collections.abc import Mapping
from typing import Any

from radicale.auth import BaseAuth
from radicale.rights import BaseRights

from groupware.dav import resources
from groupware.dav.access import BIND, UNBIND, WRITE_CONTENT
from groupware.dav.resources import Kind

LOGIN = "groupware.login"
"""Key of the environment under which the application leaves the account's number."""


class Auth(BaseAuth):
    """Takes over who the application found to be there."""

    def get_external_login(self, environ: Mapping[str, Any]) -> tuple[()] | tuple[str, str]:
        """Return the account's number as Radicale's user."""
        return environ[LOGIN], ""

    def _login_ext_with_groups(
        self, login: str, _password: str, _context: object
    ) -> tuple[str, set[str]]:
        return login, set()


class Rights(BaseRights):
    """Radicale's letters (R, W: plain collections; r, w: calendars and address books)."""

    def authorization(self, user: str, _user_groups: set[str], path: str) -> str:
        """Return what a user may do at a path, in Radicale's letters."""
        resource = resources.find(path, int(user)) if user else None
        if resource is None:
            return ""
        if resource.kind in (Kind.ROOT, Kind.PRINCIPAL):
            return "RW" if resource.access.is_owner else "R"
        letters = "r" if resource.access.reads else ""
        if all(map(resource.access.holds, (BIND, UNBIND, WRITE_CONTENT))):
            letters += "w"
        return letters
