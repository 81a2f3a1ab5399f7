"""The site: who gets in, the URLs, the sidebar, the policy of its pages.

Nobody signs in here: that is identity's page. A browser that is signed in, of an account with a role,
sees what its role reaches; everything else is not there.
"""

from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Any, cast

from django.contrib.admin import AdminSite
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, include, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from groupware.core.errors import NotAllowed, NotFound
from groupware.core.languages import localized
from groupware.panel.access import administrator_of, to_sign_in
from groupware.panel.admin.base import ServiceAdmin
from groupware.panel.navigation import Entry, Page, arrange, is_at

POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""Scripts and styles are files of ours that the page itself names, and nothing else."""

View = Callable[..., HttpResponseBase]


class PanelSite(AdminSite):
    """The panel; its namespace is Django's own, `admin`."""

    site_header = site_title = _("Administration")
    index_title = _("Overview")
    enable_nav_sidebar = False
    final_catch_all_view = False

    def __init__(self, pages: Sequence[Page]) -> None:
        super().__init__(name="admin")
        self.disable_action("delete_selected")
        self.pages = pages
        self.also: list[ServiceAdmin] = []

    @property
    def admins(self) -> list[ServiceAdmin]:
        """Every admin class, in the order of the sidebar."""
        registered = cast("list[ServiceAdmin]", list(self._registry.values()))
        return sorted([*registered, *self.also], key=lambda held: held.place)

    def register_also(self, model: type[Model], admin_class: type[ServiceAdmin]) -> None:
        """Register a second admin class of a model; its `stem` is its own."""
        self.also.append(admin_class(model, self))

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 (Django's)
        """Let in who has a role; what a page refuses becomes a page that says so."""

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            response = self._answer(view, request, *args, **kwargs)
            nonce = request.csp_nonce  # type: ignore[attr-defined]
            response.headers["Content-Security-Policy"] = POLICY.format(nonce=nonce)
            return response

        return update_wrapper(never_cache(csrf_protect(inner)), view)

    def _answer(
        self, view: View, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return to_sign_in(request)
        try:
            administrator_of(request)
        except NotAllowed:
            return render(request, "panel/no_role.html", status=403)
        try:
            return view(request, *args, **kwargs)
        except (NotFound, Http404) as error:
            return self._problem(request, _("This is not here"), error, 404)
        except NotAllowed as error:
            return self._problem(request, _("Your role does not reach as far"), error, 403)

    def _problem(
        self, request: HttpRequest, title: Any, error: Exception, status: int
    ) -> HttpResponse:
        text = localized(error) if isinstance(error, NotFound | NotAllowed) else ""
        context = {**self.each_context(request), "title": title, "text": text}
        return render(request, "panel/problem.html", context, status=status)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Return the pages, and what is below each list of objects."""
        urls: list[URLPattern | URLResolver] = [
            path(page.path, self.admin_view(self._page_view(page)), name=page.name)
            for page in self.pages
        ]
        return urls + [path(f"{held.slug}/", include(held.get_urls())) for held in self.admins]

    def _page_view(self, page: Page) -> View:
        def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            administrator_of(request).reach(page.permission)
            return page.view(request, *args, **kwargs)

        return update_wrapper(view, page.view)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what every page shows: the sidebar."""
        entries = self._entries(request)
        return {
            "site_title": self.site_title,
            "sections": arrange(entries),
            "theme": request.COOKIES.get("theme", ""),
            "is_popup": False,
        }

    def _entries(self, request: HttpRequest) -> list[Entry]:
        by, root = administrator_of(request), reverse("admin:index")
        found: list[tuple[int, Entry]] = []
        for page in self.pages:
            if page.title and by.may(page.permission):
                url = reverse(f"admin:{page.name}")
                here = is_at(request, url, root)
                entry = Entry(page.title, url, page.icon, page.section, here)
                found.append((page.place, entry))
        for held in self.admins:
            if held.permission is None or by.may(held.permission):
                url = held.list_url()
                here = is_at(request, url, root)
                entry = Entry(held.title, url, held.icon, held.section, here)
                found.append((held.place, entry))
        return [entry for _place, entry in sorted(found, key=lambda one: one[0])]
