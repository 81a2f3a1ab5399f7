"""The entries of the sidebar, in their sections, and pages that are no list of objects."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from groupware.core.roles import Permission

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text: TypeAlias = str | _StrPromise
else:
    Text = str

OVERVIEW, PEOPLE, MAIL, SERVER = "overview", "people", "mail", "server"
SECTIONS: dict[str, Text] = {
    OVERVIEW: "",
    PEOPLE: _("Directory"),
    MAIL: _("Mail flow"),
    SERVER: _("Server"),
}
"""The sections of the sidebar, in their order."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of its own at /admin/`path`, named `admin:NAME`.

    It is in the sidebar where it has a title, in the order of `place`, as lists of objects are; whoever lacks the permission everywhere is refused. A
    `path` with parameters is a page below another one.
    """

    name: str
    path: str
    view: Callable[..., HttpResponseBase]
    permission: Permission
    title: Text = ""
    icon: str = ""
    section: str = SERVER
    place: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the sidebar."""

    title: Text
    url: str
    icon: str
    section: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Section:
    """Links of the sidebar that belong together."""

    title: Text
    entries: Sequence[Entry]


def arrange(entries: Sequence[Entry]) -> list[Section]:
    """Put the entries into their sections; a section without any is left out."""
    return [
        Section(title, held)
        for key, title in SECTIONS.items()
        if (held := [entry for entry in entries if entry.section == key])
    ]


def is_at(request: HttpRequest, url: str, root: str) -> bool:
    """Return whether the page that is asked for is the entry's, or below it."""
    return request.path == url or (url != root and request.path.startswith(url))
