"""Mail that comes from elsewhere, and mail that goes by age: what is set for the account."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groupware.account.views.pages import account_of, acting, done, own_page, show
from groupware.core import audit, db
from groupware.core.errors import GroupwareError, Invalid
from mail.models import OutsideState, RetentionAction
from mail.retention import Rule, list_own_places, read_rules
from mail.services.outside import accounts

STATES: dict[str, str | Promise] = {
    OutsideState.ACTIVE: gettext_lazy("is fetched"),
    OutsideState.PAUSED: gettext_lazy("paused"),
    OutsideState.STOPPED: gettext_lazy("stopped: the server there refuses the password"),
}
DOES: dict[str, str | Promise] = {
    RetentionAction.ARCHIVE: gettext_lazy("moves to Archive"),
    RetentionAction.TRASH: gettext_lazy("moves to Trash"),
    RetentionAction.DELETE: gettext_lazy("is deleted"),
}


@dataclass(frozen=True, slots=True)
class Goes:
    """What becomes by age of the messages of a mailbox."""

    mailbox: str
    does: str
    days: int
    spares_flagged: bool


@own_page("GET", "HEAD", "POST")
def elsewhere(request: HttpRequest) -> HttpResponse:
    """Show the outside mailboxes and what goes by age; a POST pauses one, or lets it be fetched."""
    if request.method != "POST":
        return _page(request)
    acts = {"pause": accounts.pause_outside, "resume": accounts.resume_outside}
    act = acts.get(request.POST.get("act", ""))
    try:
        if act is None:
            raise Invalid(_("Choose what is to be done."))
        with audit.acting(acting(request)):
            act(request.user.pk or 0, request.POST.get("name", ""))
    except GroupwareError as error:
        return _page(request, error)
    is_paused = act is accounts.pause_outside
    text = _("It is paused.") if is_paused else _("It is fetched again.")
    return done(request, text, "account-elsewhere")


def _page(request: HttpRequest, error: GroupwareError | None = None) -> HttpResponse:
    account_id = account_of(request).pk
    context = {
        "section": "elsewhere",
        "outside": [(held, STATES[held.state]) for held in accounts.list_outside(account_id)],
        "goes": _list_going(account_id),
    }
    return show(request, "elsewhere", context, error)


def _list_going(account_id: int) -> list[Goes]:
    with db.read_snapshot():
        rules = read_rules()
        found = [(place, rules.find(place)) for place in list_own_places(account_id)]
    return [_goes(place.name, rule) for place, rule in found if rule is not None]


def _goes(mailbox: str, rule: Rule) -> Goes:
    return Goes(mailbox, str(DOES[rule.action]), rule.days, rule.spares_flagged)
