"""The pages of one object: added, shown and changed, and what is done to it by its acts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from groupware.core.administration import Administrator
from groupware.core.errors import GroupwareError, NotAllowed, NotFound, Stale
from groupware.core.languages import localized
from groupware.core.roles import Permission
from groupware.panel.access import administer_as, administrator_of, is_fresh, to_sign_in
from groupware.panel.acts import Act, Data
from groupware.panel.navigation import Text


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an object's page: a template with what it shows, and the acts below it."""

    title: Text
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    acts: Sequence[str] = ()
    is_dangerous: bool = False


class ObjectPages:
    """Views of one object; `ServiceAdmin` has the rest. Each write is one call of a service."""

    acts: ClassVar[Sequence[Act]] = ()
    adds: ClassVar[Permission | None]
    changes: ClassVar[Permission] = Permission.MANAGE
    add_form: ClassVar[type[forms.Form]]
    change_form_class: ClassVar[type[forms.Form] | None] = None
    add_is_dangerous: ClassVar[bool] = False
    add_label: ClassVar[Text]
    add_about: ClassVar[Text] = ""
    form_title: ClassVar[Text] = ""
    created_template: ClassVar[str] = ""
    admin_site: Any
    model: Any

    def find(self, by: Administrator, number: int) -> Any:
        """Return an object; raises `NotFound` also where it is beyond his domains."""
        raise NotImplementedError

    def domain_id_of(self, found: Any) -> int | None:
        """Return in which domain a permission counts."""
        held: int | None = found.domain_id
        return held

    def name_of(self, found: Any) -> str:
        """Return what the object is called."""
        return str(found)

    def parts(self, by: Administrator, found: Any) -> Sequence[Part]:
        """Return what its page shows below the form."""
        return ()

    def summary(self, by: Administrator, found: Any) -> Mapping[str, Any]:
        """Return what the head of its page shows: `subtitle`, `badges`."""
        return {}

    def make_add_form(self, by: Administrator, *args: Any, **kwargs: Any) -> forms.Form:
        """Return the form that adds."""
        return self.add_form(*args, **kwargs)

    def make_act_form(self, act: Act, by: Administrator, found: Any, *args: Any) -> forms.Form:
        """Return the form of an act."""
        return (act.form or forms.Form)(*args)

    def create(self, by: Administrator, new: Data) -> tuple[Any, Any]:
        """Create an object by a service; return it, and what is shown of it this once."""
        raise NotImplementedError

    def initial(self, found: Any) -> dict[str, Any]:
        """Return what the form shows."""
        return {}

    def change(self, by: Administrator, found: Any, new: Data) -> None:
        """Change an object by services; `new` has what differs alone."""
        raise NotImplementedError

    def page_url(self, found: Any) -> str:
        """Return where its page is."""
        return reverse(f"admin:{self.stem}_change", args=[found.pk])

    def list_url(self) -> str:
        """Return where the list is."""
        return reverse(f"admin:{self.stem}_changelist")

    @property
    def stem(self) -> str:
        """What the names of its URLs begin with."""
        meta = self.model._meta  # noqa: SLF001 (documented)
        return f"{meta.app_label}_{meta.model_name}"

    # The views.

    def add_view(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Add an object."""
        by = administrator_of(request)
        assert self.adds is not None  # there is no URL otherwise
        by.reach(self.adds)
        if self.add_is_dangerous and not is_fresh(request):
            return to_sign_in(request)
        made: Any = None

        def create() -> None:
            nonlocal made
            made = administer_as(request, lambda by: self.create(by, form.cleaned_data))

        form = self.make_add_form(by, request.POST or None, initial=_from_query(request))
        status = _try(request, form, create)
        if status:
            context = {"form": form, "title": self.add_label, "about": self.add_about}
            return self._render(request, "panel/add.html", context, status)
        found, shown = made
        context = {"found": found, "name": self.name_of(found), "shown": shown}
        context |= {"url": self.page_url(found), "title": self.name_of(found)}
        if self.created_template and shown:
            return self._render(request, self.created_template, context)
        messages.success(request, _("%(name)s is there now.") % {"name": self.name_of(found)})
        return HttpResponseRedirect(self.page_url(found))

    def change_view(
        self, request: HttpRequest, object_id: Any, *_args: Any, **_kwargs: Any
    ) -> HttpResponse:
        """Show an object, and change what its form can change."""
        by = administrator_of(request)
        found = self.find(by, object_id)
        initial = self.initial(found)
        form, may_change = None, by.may_in(self.changes, self.domain_id_of(found))
        status = 200
        if request.method == "POST" and not (may_change and self.change_form_class):
            raise NotAllowed(_("Your role looks at this and does not change it."))
        if self.change_form_class is not None and may_change:
            form = self.change_form_class(request.POST or None, initial=initial)
            form.fields["seen"] = forms.CharField(widget=forms.HiddenInput, required=False)
            form.initial["seen"] = _digest(initial)
            status = _try(request, form, lambda: self._change(request, object_id, form))
            if not status:
                messages.success(request, _("The changes are kept."))
                return HttpResponseRedirect(self.page_url(found))
        context = {
            "found": found,
            "form": form,
            "title": self.name_of(found),
            "list_url": self.list_url(),
            "parts": [self._tell(by, found, part) for part in self.parts(by, found)],
            **self.summary(by, found),
        }
        return self._render(request, "panel/object.html", context, status)

    def _change(self, request: HttpRequest, number: int, form: forms.Form) -> None:
        new = {name: form.cleaned_data[name] for name in form.changed_data if name != "seen"}

        def change(by: Administrator) -> None:
            found = self.find(by, number)
            if form.cleaned_data["seen"] != _digest(self.initial(found)):
                raise Stale(
                    _("Somebody changed this meanwhile: load the page anew, then change it.")
                )
            self.change(by, found, new)

        if new:
            administer_as(request, change)

    def act_view(self, request: HttpRequest, object_id: int, slug: str) -> HttpResponse:
        """Ask whether an act is meant, and do it."""
        act = next(held for held in self.acts if held.slug == slug)
        by = administrator_of(request)
        found = self.find(by, object_id)
        by.require(act.permission, self.domain_id_of(found))
        if not act.is_offered(by, found):
            raise NotFound(_("This cannot be done to it now."))
        if act.is_dangerous and not is_fresh(request):
            return to_sign_in(request)
        return _hide_passwords(self._act)(request, act, by, found)

    def _act(self, request: HttpRequest, act: Act, by: Administrator, found: Any) -> HttpResponse:
        shown: object = None

        def run() -> None:
            nonlocal shown
            data = act.prepare(form.cleaned_data)
            shown = administer_as(request, lambda by: act.run(by, self.find(by, found.pk), data))

        data = request.POST if request.method == "POST" else None
        form = self.make_act_form(act, by, found, data)
        form.initial.update(_from_query(request))
        status = _try(request, form, run)
        context = {"act": act, "form": form, "found": found, "name": self.name_of(found)}
        context |= {"title": act.label, "url": self.page_url(found), "shown": shown}
        if status:
            return self._render(request, "panel/act.html", context, status)
        if act.shown:
            return self._render(request, act.shown, context)
        messages.success(request, act.done)
        return HttpResponseRedirect(self.list_url() if act.is_gone else self.page_url(found))

    def _tell(self, by: Administrator, found: Any, part: Part) -> dict[str, Any]:
        domain_id = self.domain_id_of(found)
        offered = [
            {"act": act, "url": f"{self.page_url(found)}{act.slug}/"}
            for act in self.acts
            if act.slug in part.acts
            and by.may_in(act.permission, domain_id)
            and act.is_offered(by, found)
        ]
        return {"part": part, "acts": offered, **part.context}

    def _render(
        self, request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
    ) -> HttpResponse:
        base = self.admin_site.each_context(request)
        more = {"admin_class": self, "list_url": self.list_url()}
        response = render(request, template, {**base, **more, **context}, status=status)
        response.headers["Cache-Control"] = "no-store"
        return response


_hide_passwords = sensitive_post_parameters("password")


def _try(request: HttpRequest, form: forms.Form, work: Callable[[], None]) -> int:
    """Do what a valid form asks for; return the status of the page that shows it again, or 0."""
    if request.method != "POST":
        return 200
    if not form.is_valid():
        return 422
    try:
        work()
    except GroupwareError as error:
        form.add_error(None, localized(error))
        return 403 if isinstance(error, NotAllowed) else 422
    return 0


def _digest(state: Mapping[str, Any]) -> str:
    return sha256(repr(sorted(state.items())).encode()).hexdigest()[:32]


def _from_query(request: HttpRequest) -> dict[str, str]:
    """Return what a link to the page fills in."""
    return {name: request.GET[name] for name in request.GET if len(request.GET[name]) <= 320}
