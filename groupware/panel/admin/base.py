"""Admin classes that read within the reach of a role, and write by services alone.

Django's admin lists the objects: search, filters, order, pages, bulk actions. What it would write itself
is refused here: forms are plain ones, which hand what they read to `create`, `change` or an `Act`, each
of which calls a service within `administer`. docs/adr/0060.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeAlias

from django.contrib.admin import ModelAdmin, ShowFacets, SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from groupware.core.administration import Administrator
from groupware.core.roles import Permission
from groupware.panel.access import administrator_of
from groupware.panel.admin.bulk import BulkPages
from groupware.panel.navigation import PEOPLE, Text

MOST_COUNTED = 20_000
"""Objects of a list that are counted for its pages; who looks for more searches."""
if TYPE_CHECKING:
    Base: TypeAlias = ModelAdmin[Any]
else:
    Base = ModelAdmin


def is_key(text: str) -> bool:
    """Tell whether a text from the URL may be the key of a row."""
    return text.isdecimal() and len(text) < 19


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # generic in the stubs alone
    """Pages of a list whose count is bounded: no list is counted to its end."""

    @cached_property
    def count(self) -> int:
        """Return how many there are, up to the bound."""
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[:MOST_COUNTED].count())


class DomainFilter(SimpleListFilter):
    """The objects of one of the domains that he sees."""

    title = "domain"
    parameter_name = "domain"

    def lookups(
        self,
        request: HttpRequest,
        model_admin: Any,
    ) -> list[tuple[str, str]]:
        """Return the domains."""
        self.title = _("Domain")
        own = administrator_of(request).domains().filter(alias_of=None).order_by("name")
        return [(str(key), name) for key, name in own.values_list("pk", "name")[:1000]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return what is in it."""
        wanted = self.value() or ""
        return queryset.filter(domain=int(wanted)) if is_key(wanted) else queryset


class PanelList(ChangeList):
    """A list whose rows lead to the pages of the admin class that it is of."""

    def url_for_result(self, result: Any) -> str:
        """Return where an object's page is."""
        url: str = self.model_admin.page_url(result)  # type: ignore[attr-defined]
        return url


class ServiceAdmin(BulkPages, Base):
    """The base of all.

    `place` orders the sidebar. `slug` is the segment of its URL below /admin/. `rows` is what an administrator sees, `permission`
    what he must have somewhere to see the list at all, `adds` what he must have to add to it; None: any
    role, and nobody.
    """

    slug: ClassVar[str]
    title: ClassVar[Text]
    icon: ClassVar[str]
    section: ClassVar[str] = PEOPLE
    place: ClassVar[int] = 50
    permission: ClassVar[Permission | None] = None
    adds: ClassVar[Permission | None] = Permission.MANAGE
    add_label: ClassVar[Text] = ""
    about: ClassVar[Text] = ""
    empty_text: ClassVar[Text] = ""
    export_url: ClassVar[str] = ""

    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    paginator = BoundedPaginator
    actions_selection_counter = False
    empty_value_display = ""
    change_list_template = "panel/list.html"

    def rows(self, by: Administrator) -> QuerySet[Any]:
        """Return what an administrator sees."""
        raise NotImplementedError

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what who asks sees, as the list reads it."""
        return self.rows(administrator_of(request)).order_by(*self.get_ordering(request))

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """Take no filter from the URL but those that are offered: columns are nobody's to guess."""
        offered: Any = self.list_filter
        return any(lookup == one.parameter_name for one in offered)

    def get_urls(self) -> list[URLPattern]:
        """Return the list, the page that adds, the page of an object, and one for each act."""
        view = self.admin_site.admin_view
        stem = self.stem
        urls = [path("", view(self.changelist_view), name=f"{stem}_changelist")]
        if self.adds is not None:
            urls.append(path("add/", view(self.add_view), name=f"{stem}_add"))
        urls += self.bulk_urls()
        urls.append(path("<int:object_id>/", view(self.change_view), name=f"{stem}_change"))
        urls += [
            path(
                f"<int:object_id>/{act.slug}/",
                view(self.act_view),
                {"slug": act.slug},
                name=f"{stem}_{act.slug}",
            )
            for act in self.acts
        ]
        return urls

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return what makes the list."""
        return PanelList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show the list."""
        by = administrator_of(request)
        if self.permission is not None:
            by.reach(self.permission)
        shown = {
            "admin_class": self,
            "title": self.title,
            "list_url": self.list_url(),
            "most_counted": MOST_COUNTED,
            "may_add": self.adds is not None and by.may(self.adds),
        }
        return super().changelist_view(request, {**shown, **(extra_context or {})})

    # Django asks these before it shows anything; what may be done is asked of the roles.

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether the list is shown: the site has looked at the role."""
        return True

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether anything may be changed here."""
        return administrator_of(request).may(Permission.MANAGE)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Django adds nothing."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Django deletes nothing."""
        return False

    # Invariant: nothing is written but by services.

    def save_model(self, request: Any, obj: Any, form: Any, change: Any) -> NoReturn:
        """Refuse."""
        refuse()

    def save_related(self, request: Any, form: Any, formsets: Any, change: Any) -> NoReturn:
        """Refuse."""
        refuse()

    def delete_model(self, request: Any, obj: Any) -> NoReturn:
        """Refuse."""
        refuse()

    def delete_queryset(self, request: Any, queryset: Any) -> NoReturn:
        """Refuse."""
        refuse()

    def log_addition(self, request: Any, obj: Any, message: Any) -> NoReturn:
        """Refuse: the audit log is kept by the services."""
        refuse()

    def log_change(self, request: Any, obj: Any, message: Any) -> NoReturn:
        """Refuse: the audit log is kept by the services."""
        refuse()


def refuse() -> NoReturn:
    """Say that somebody goes around the services."""
    raise RuntimeError("The panel writes by services alone.")


def choices_of(labels: Mapping[str, Text]) -> list[tuple[str, Text]]:
    """Return choices for a field."""
    return list(labels.items())
