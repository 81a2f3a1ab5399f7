"""Domains: what lives in them, what the DNS is to say of them, and the keys they sign with."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groupware.core.administration import Administrator, domains
from groupware.core.models import Account, Domain, Group
from groupware.core.roles import Permission
from groupware.panel.acts import Act, Data
from groupware.panel.admin.base import ServiceAdmin
from groupware.panel.admin.pages import Part
from groupware.panel.fields import TypedField
from groupware.panel.templatetags.panel import badge
from mail import records
from mail.services import signing

_NAME = forms.TextInput(
    attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
)


class NewDomainForm(forms.Form):
    """A domain, or another name of one."""

    name = forms.CharField(
        label=gettext_lazy("Domain"),
        max_length=253,
        widget=_NAME,
        help_text=gettext_lazy("Such as example.org. What the DNS has to say is shown then."),
    )
    alias_of = forms.ChoiceField(
        label=gettext_lazy("Another name of"),
        required=False,
        help_text=gettext_lazy("Every address of that domain is good under this name too."),
    )


class NewKeyForm(forms.Form):
    """A key that is to be."""

    algorithm = forms.ChoiceField(
        label=gettext_lazy("Algorithm"),
        choices=[(held, held.upper()) for held in signing.ALGORITHMS],
        help_text=gettext_lazy("RSA, which everybody checks; Ed25519 beside it."),
    )


class KeyForm(forms.Form):
    """Which key."""

    selector = forms.CharField(max_length=63, widget=forms.HiddenInput)


def _own(_by: Administrator, found: Domain) -> bool:
    return found.alias_of_id is None


def _generate_key(data: Data) -> Data:
    return {"key": signing.generate_key(data["algorithm"])}


def _create_key(by: Administrator, found: Domain, data: Data) -> object:
    by.require(Permission.MANAGE, found.pk)
    return signing.add_key(found.name, data["key"])


def _use_key(by: Administrator, found: Domain, data: Data) -> object:
    by.require(Permission.MANAGE, found.pk)
    return signing.use_key(found.name, data["selector"])


def _drop_key(by: Administrator, found: Domain, data: Data) -> None:
    by.require(Permission.MANAGE, found.pk)
    signing.drop_key(found.name, data["selector"])


DELETE = Act(
    "delete",
    gettext_lazy("Delete the domain"),
    lambda by, found, _data: domains.delete(by, found),
    Permission.INSTALL,
    gettext_lazy("Only a domain that nothing lives in any more is deleted."),
    gettext_lazy("The domain is deleted."),
    is_dangerous=True,
    is_gone=True,
)
ACTS = (
    Act(
        "create-key",
        gettext_lazy("Make a key"),
        _create_key,
        Permission.MANAGE,
        gettext_lazy(
            "The first key of its algorithm signs at once. Another one waits: put its record into the"
            " DNS first, then let the domain sign with it."
        ),
        gettext_lazy("The key is made: put its record into the DNS."),
        form=NewKeyForm,
        is_offered=_own,
        prepare=_generate_key,
    ),
    Act(
        "use-key",
        gettext_lazy("Sign with this key"),
        _use_key,
        Permission.MANAGE,
        gettext_lazy(
            "Check first that the DNS has its record: what is signed with a key that nobody finds is"
            " taken for forged. The key of until now is retired."
        ),
        gettext_lazy("The domain signs with this key now."),
        form=KeyForm,
        is_offered=_own,
        is_dangerous=True,
    ),
    Act(
        "drop-key",
        gettext_lazy("Forget this key"),
        _drop_key,
        Permission.MANAGE,
        gettext_lazy("The key is deleted for good, and its record can leave the DNS in a week."),
        gettext_lazy("The key is deleted."),
        form=KeyForm,
        is_offered=_own,
        is_dangerous=True,
    ),
    DELETE,
)


class DomainAdmin(ServiceAdmin):
    """Domains and other names of them."""

    slug = "domains"
    title = gettext_lazy("Domains")
    icon = "domain"
    place = 10
    adds = Permission.INSTALL
    add_label = gettext_lazy("New domain")
    add_form = NewDomainForm
    empty_text = gettext_lazy("A domain comes first: create one, then its people.")
    acts = ACTS

    list_display = ("name_shown", "alias_shown", "account_count", "group_count")
    search_fields = ("name",)
    ordering = ("name",)

    def rows(self, by: Administrator) -> QuerySet[Any]:
        """Return the domains that he sees, with how much lives in them."""
        ids = by.domains().values("pk")
        found = Domain.objects.filter(pk__in=ids).select_related("alias_of")
        return found.annotate(accounts_held=_count(Account), groups_held=_count(Group))

    def find(self, by: Administrator, number: int) -> Any:
        """Return a domain."""
        return by.get_domain(number)

    def domain_id_of(self, found: Any) -> int | None:
        """Return the domain whose name it is."""
        key: int = found.alias_of_id or found.pk
        return key

    @admin.display(description=gettext_lazy("Domain"), ordering="name")
    def name_shown(self, found: Domain) -> SafeString:
        """Show its name."""
        return format_html("<b>{}</b>", found.name)

    @admin.display(description=gettext_lazy("Another name of"))
    def alias_shown(self, found: Domain) -> str:
        """Show whose name it is."""
        return found.alias_of.name if found.alias_of else ""

    @admin.display(description=gettext_lazy("Accounts"))
    def account_count(self, found: Any) -> object:
        """Show how many there are."""
        return found.accounts_held or 0

    @admin.display(description=gettext_lazy("Groups"))
    def group_count(self, found: Any) -> object:
        """Show how many there are."""
        return found.groups_held or 0

    def make_add_form(self, by: Administrator, *args: Any, **kwargs: Any) -> forms.Form:
        """Offer the domains that it can be another name of."""
        form = super().make_add_form(by, *args, **kwargs)
        own = by.domains().filter(alias_of=None).order_by("name").values_list("pk", "name")
        field: Any = form.fields["alias_of"]
        field.choices = [("", _("none: a domain of its own")), *own]
        return form

    def create(self, by: Administrator, new: Data) -> tuple[Any, Any]:
        """Create a domain."""
        alias_of = int(new["alias_of"]) if new["alias_of"] else None
        return domains.create(by, new["name"], alias_of), None

    def make_act_form(self, act: Act, by: Administrator, found: Any, *args: Any) -> forms.Form:
        """Return the form of an act; who deletes types the name."""
        form = super().make_act_form(act, by, found, *args)
        if act is DELETE:
            label = _("Type %(name)s to confirm") % {"name": found.name}
            form.fields["typed"] = TypedField(found.name, label)
        return form

    def summary(self, by: Administrator, found: Any) -> Mapping[str, Any]:
        """Say whose name it is."""
        if found.alias_of is None:
            return {}
        return {"badges": [badge(_("another name of %(name)s") % {"name": found.alias_of.name})]}

    def parts(self, by: Administrator, found: Any) -> Sequence[Part]:
        """Return what the DNS is to say, and the keys."""
        parts = []
        if by.may_in(Permission.MANAGE, self.domain_id_of(found)):
            dns = {
                "records": records.list_wanted(found.name),
                "check_url": reverse("admin:domain-dns", args=[found.pk]),
            }
            parts.append(Part(_("What the DNS has to say"), "panel/parts/dns.html", dns))
        if found.alias_of_id is None:
            keys = {
                "keys": signing.list_keys(found.name),
                "url": self.page_url(found),
                "may_change": by.may_in(Permission.MANAGE, found.pk),
            }
            parts.append(
                Part(_("Keys (DKIM)"), "panel/parts/keys.html", keys, acts=("create-key",))
            )
        if by.may(Permission.INSTALL):
            parts.append(
                Part(
                    _("End of the domain"),
                    "panel/parts/end_of_domain.html",
                    acts=(DELETE.slug,),
                    is_dangerous=True,
                )
            )
        return parts


def _count(model: type[Any]) -> Subquery:
    inside = model.objects.filter(domain=OuterRef("pk")).order_by().values("domain")
    return Subquery(inside.annotate(held=Count("pk")).values("held"))
