"""The table of the panel's URLs, with what each page needs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver

from groupware.core.roles import Permission
from groupware.panel.registry import site
from tests.panel.needs import NEEDS, Need


@dataclass(frozen=True, slots=True)
class PanelPage:
    """One URL of the panel. `permission` is what it wants where its object lies; None: any role."""

    name: str
    route: str
    parameters: tuple[str, ...]
    permission: Permission | None = None
    needs: Need = field(default_factory=Need)

    def path(self, **values: Any) -> str:
        text = "/admin/" + self.route
        for name, value in values.items():
            text = text.replace(f"<int:{name}>", str(value))
        return text

    def __str__(self) -> str:
        return self.name


def list_pages() -> list[PanelPage]:
    """Return every page of the panel."""
    return list(_walk(site.get_urls(), ""))


def _walk(patterns: Any, before: str) -> Iterator[PanelPage]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            name = pattern.name or route
            parameters = tuple(pattern.pattern.converters)
            yield PanelPage(name, route, parameters, permission_of(name), NEEDS.get(name, Need()))


def permission_of(name: str) -> Permission | None:
    """Return what a page wants, as its admin class or its entry says."""
    for page in site.pages:
        if page.name == name:
            return page.permission
    stem, _, last = name.rpartition("_")
    last = last.removeprefix("bulk-")
    held: Any = next(admin for admin in site.admins if stem == admin.stem)
    found: Permission | None
    if last == "add":
        found = held.adds
    elif last in {"changelist", "change"}:
        found = held.permission
    else:
        found = next(act.permission for act in held.acts if act.slug == last)
    return found
