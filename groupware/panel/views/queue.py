"""What waits for other servers: why, since when, and what is done about it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from groupware.core.administration import Administrator
from groupware.core.errors import GroupwareError, Invalid
from groupware.core.languages import localized
from groupware.core.roles import Permission
from groupware.panel.access import administer_as, administrator_of, is_fresh, to_sign_in
from groupware.panel.paging import cut, following, read_cursor
from mail.services import queue
from mail.services.queue import QueueFilter

PAGE = 100
ACTS = {"hold": queue.hold, "release": queue.release, "retry": queue.retry_now}
DROPS = {"drop": True, "drop-silently": False}
"""Whether the sender is told."""


def queue_page(request: HttpRequest) -> HttpResponse:
    """Show what waits, the oldest first; do something to what was chosen."""
    from groupware.panel.registry import site

    reach = administrator_of(request).reach(Permission.QUEUE).domain_ids
    if request.method == "POST":
        return _act(request)
    asked = {name: request.GET.get(name, "")[:320] for name in ("from", "to", "state")}
    held = {"held": True, "waiting": False}.get(asked["state"])
    wanted = QueueFilter(
        domain_ids=reach, sender=asked["from"], recipient=asked["to"], is_held=held
    )
    after = read_cursor(request, "after")
    rows = queue.list_queue(wanted, after=after[0] if after else 0, limit=PAGE + 1)
    page = cut(rows, PAGE)
    context: dict[str, Any] = {
        "title": _("Queue"),
        "asked": asked,
        "sender": asked["from"],
        "recipient": asked["to"],
        "entries": page.rows,
        "count": queue.count_queue(wanted),
        "more": following(asked, "after", page.last.id) if page.last is not None else "",
        "is_asked": any(asked.values()),
    }
    return render(request, "panel/queue.html", {**site.each_context(request), **context})


def _act(request: HttpRequest) -> HttpResponse:
    act = request.POST.get("action", "")
    if act in DROPS and not is_fresh(request):
        return to_sign_in(request)
    keys = [int(key) for key in request.POST.getlist("message") if key.isdecimal()][:PAGE]
    try:
        done = administer_as(request, lambda by: _do(by, act, keys))
    except GroupwareError as error:
        messages.error(request, localized(error))
    else:
        text = ngettext("Done for %(count)s recipient.", "Done for %(count)s recipients.", done)
        messages.success(request, text % {"count": done})
    return HttpResponseRedirect(reverse("admin:queue"))


def _do(by: Administrator, act: str, keys: list[int]) -> int:
    """Do it to what he may; of what is not there any more nothing is left to do."""
    if not keys or (act not in ACTS and act not in DROPS):
        raise Invalid(_("Choose messages, and what is to be done."))
    wanted = QueueFilter(domain_ids=by.reach(Permission.QUEUE).domain_ids, message_ids=keys)
    if act in DROPS:
        return queue.drop(wanted, notify=DROPS[act])
    return ACTS[act](wanted)
