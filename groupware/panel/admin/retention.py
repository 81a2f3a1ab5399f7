"""Rules of retention, and what is on hold."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groupware.core.administration import Administrator
from groupware.core.errors import NotFound
from groupware.core.models import Account, Collection
from groupware.core.roles import Permission
from groupware.panel.acts import Act, Data
from groupware.panel.admin.base import ServiceAdmin
from groupware.panel.admin.pages import Part
from groupware.panel.navigation import MAIL
from groupware.panel.retentionforms import (
    HoldForm,
    RuleForm,
    find_mailbox,
    get_account,
    in_words,
    preview,
    read_rule,
    shown,
)
from groupware.panel.templatetags.panel import moment
from mail.models import RetentionHold, RetentionRule
from mail.retention import Rule, read_rules
from mail.services import holds, retention


def _rule_of(found: RetentionRule) -> Rule:
    return Rule(
        key=found.pk,
        domain_id=found.domain_id,
        account_id=found.account_id,
        collection_id=found.collection_id,
        use=found.use,
        days=found.days,
        action=found.action,
        age=found.age,
        spares_flagged=found.spares_flagged,
        run_at=found.run_at,
    )


def _where(found: RetentionRule) -> str:
    """Return whose mailboxes a rule of a list is for, from what came with it."""
    if found.account is not None and found.collection is not None:
        return f"{found.account.login}: {found.collection.name}"
    whose = found.account.login if found.account is not None else _("everybody")
    return f"{found.domain.name if found.domain is not None else whose}: {found.use}"


class RetentionAdmin(ServiceAdmin):
    """What goes from mailboxes by age."""

    slug = "retention"
    title = gettext_lazy("Retention")
    icon = "archive"
    section = MAIL
    place = 70
    permission = Permission.MANAGE
    adds = Permission.MANAGE
    about = gettext_lazy(
        "What moves or goes by age. Of the rules that reach a mailbox the nearest one counts: its"
        " own, of its account, its domain, everybody."
    )
    add_label = gettext_lazy("New rule")
    add_about = gettext_lazy(
        "It is done within the hour, and then once a day. What it deletes can be restored for a"
        " while; a preview shows what it would take away now."
    )
    add_form = RuleForm
    add_is_dangerous = True
    empty_text = gettext_lazy("Nothing goes by age.")
    acts = (
        Act(
            "remove",
            gettext_lazy("Remove the rule"),
            lambda _by, found, _data: retention.remove_rule(_rule_of(found)),
            Permission.MANAGE,
            gettext_lazy("Nothing more goes by it; what has gone stays where it is."),
            gettext_lazy("The rule is removed."),
            is_gone=True,
        ),
    )

    change_list_template = "panel/retention_list.html"
    list_display = ("where", "what", "done")
    ordering = ("id",)

    def rows(self, by: Administrator) -> QuerySet[Any]:
        """Return the rules of the domains that he administers; of everybody where he may."""
        found = RetentionRule.objects.select_related("account", "domain", "collection")
        ids = by.reach(Permission.MANAGE).domain_ids
        if ids is None:
            return found
        return found.filter(Q(domain__in=ids) | Q(account__domain__in=ids))

    def find(self, by: Administrator, number: int) -> Any:
        """Return a rule."""
        found = self.rows(by).filter(pk=number).first()
        if found is None:
            raise NotFound(_("There is no such rule."))
        return found

    def domain_id_of(self, found: Any) -> int | None:
        """Return where it counts; None is everywhere."""
        key: int | None = found.account.domain_id if found.account else found.domain_id
        return key

    def name_of(self, found: Any) -> str:
        """Return whose mail it is for."""
        return _where(found)

    @admin.display(description=gettext_lazy("For whom"))
    def where(self, found: RetentionRule) -> SafeString:
        """Show whose mail it is for."""
        return format_html("<b>{}</b>", _where(found))

    @admin.display(description=gettext_lazy("What"))
    def what(self, found: RetentionRule) -> str:
        """Show what it does."""
        return in_words(_rule_of(found))

    @admin.display(description=gettext_lazy("Done last"))
    def done(self, found: RetentionRule) -> SafeString:
        """Show when it was done."""
        return moment(found.run_at or None)

    def create(self, by: Administrator, new: Data) -> tuple[Any, Any]:
        """Set a rule, in place of one that reaches the same."""
        rule = retention.set_rule(read_rule(by, new))
        return self.find(by, rule.key), None

    def parts(self, by: Administrator, found: Any) -> Sequence[Part]:
        """Return what it does, what it would take away now, and the end."""
        rule, rules = _rule_of(found), read_rules()
        told = shown(rule, preview(rule, rules)) | {"run_at": found.run_at}
        return [
            Part(_("What it would do now"), "panel/parts/retention.html", told),
            Part(_("End of it"), "panel/parts/nothing.html", acts=("remove",), is_dangerous=True),
        ]


class HoldAdmin(ServiceAdmin):
    """Accounts and mailboxes of which nothing may be lost."""

    slug = "holds"
    title = gettext_lazy("On hold")
    icon = "archive"
    section = MAIL
    place = 75
    permission = Permission.MANAGE
    adds = Permission.MANAGE
    about = gettext_lazy(
        "Nothing of these goes by age, what is expunged is kept, and the account cannot be deleted."
    )
    add_label = gettext_lazy("Put on hold")
    add_form = HoldForm
    add_is_dangerous = True
    empty_text = gettext_lazy("Nothing is on hold.")
    acts = (
        Act(
            "release",
            gettext_lazy("End the hold"),
            lambda _by, found, _data: holds.release(found.account, mailbox_of(found)),
            Permission.MANAGE,
            gettext_lazy("What was kept longer because of it goes in the next minutes."),
            gettext_lazy("The hold is over."),
            is_dangerous=True,
            is_gone=True,
        ),
    )

    list_display = ("whose", "mailbox_shown", "reason_shown", "since")
    search_fields = ("account__login", "reason")
    ordering = ("account__login", "id")

    def rows(self, by: Administrator) -> QuerySet[Any]:
        """Return those of the accounts that he administers."""
        named = Collection.objects.filter(pk=OuterRef("mailbox_id")).values("name")
        found = RetentionHold.objects.select_related("account").annotate(name_now=Subquery(named))
        ids = by.reach(Permission.MANAGE).domain_ids
        return found if ids is None else found.filter(account__domain__in=ids)

    def find(self, by: Administrator, number: int) -> Any:
        """Return a hold."""
        found = self.rows(by).filter(pk=number).first()
        if found is None:
            raise NotFound(_("There is no such hold."))
        return found

    def domain_id_of(self, found: Any) -> int | None:
        """Return the account's domain."""
        key: int = found.account.domain_id
        return key

    def name_of(self, found: Any) -> str:
        """Return what is on hold."""
        return f"{found.account.login}: {mailbox_of(found) or _('everything')}"

    @admin.display(description=gettext_lazy("Account"), ordering="account__login")
    def whose(self, found: RetentionHold) -> SafeString:
        """Show whose mail it is."""
        return format_html("<b>{}</b>", found.account.login)

    @admin.display(description=gettext_lazy("Mailbox"))
    def mailbox_shown(self, found: RetentionHold) -> str:
        """Show which mailbox it is."""
        return mailbox_of(found) or _("everything")

    @admin.display(description=gettext_lazy("Why"))
    def reason_shown(self, found: RetentionHold) -> str:
        """Show why."""
        return found.reason or "-"

    @admin.display(description=gettext_lazy("Since"), ordering="created_at")
    def since(self, found: RetentionHold) -> SafeString:
        """Show since when."""
        return moment(found.created_at)

    def create(self, by: Administrator, new: Data) -> tuple[Any, Any]:
        """Put an account or a mailbox on hold."""
        account: Account = get_account(by, new["target"])
        mailbox = new["mailbox"].strip()
        key = find_mailbox(account, mailbox)
        holds.hold(account, key, mailbox, reason=new["reason"])
        return self.rows(by).get(account=account, mailbox_id=key), None

    def parts(self, by: Administrator, found: Any) -> Sequence[Part]:
        """Return what is held, and the end."""
        told = {"found": found, "mailbox": mailbox_of(found)}
        return [
            Part(_("The hold"), "panel/parts/hold.html", told),
            Part(_("End of it"), "panel/parts/nothing.html", acts=("release",), is_dangerous=True),
        ]


def mailbox_of(found: Any) -> str:
    """Return the name of today of the mailbox that is held, or its last; "" is the whole account."""
    name: str = found.name_now or found.mailbox
    return name
