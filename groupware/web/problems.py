"""What a person reads where a page fails or is none: what happened, why, what to do.

Programs get the sentence alone. Nothing here asks the database, which may be what has failed.
"""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from structlog.contextvars import get_contextvars

from groupware.rest.errors import describe
from groupware.rest.problems import MEDIA_TYPE

TEMPLATE = "groupware/problem.html"


@dataclass(frozen=True, slots=True)
class Problem:
    """A status (RFC 9110 §15.5, §15.6), its name, and the sentences below it."""

    status: int
    title: str
    text: str


def answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Return a problem as the asker can read it."""
    if "text/html" in request.headers.get("Accept", ""):
        response = render(request, TEMPLATE, {"problem": problem}, status=problem.status)
    else:
        plain = "text/plain; charset=utf-8"
        response = HttpResponse(f"{problem.text}\n", status=problem.status, content_type=plain)
    response.headers["Cache-Control"] = "no-store"
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Refuse what no view came to, such as a Host that is none of ours (Django's handler400).

    Below /api/ in the one form of errors.
    """
    if request.path.startswith("/api/"):
        told = describe(exception)
        return JsonResponse(told.body(), status=told.problem.status, content_type=MEDIA_TYPE)
    text = _(
        "The request cannot be understood, or this server does not have the name that it was sent to."
        " Look at the address; whoever runs the server names it in GROUPWARE_PUBLIC_URL."
    )
    return answer(request, Problem(400, _("This cannot be understood"), text))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Refuse what somebody may not do (Django's handler403)."""
    text = _("You may not see or do this. Whoever administers your domain can let you.")
    return answer(request, Problem(403, _("Not allowed"), text))


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """Refuse a form that did not come from a page of ours, or from one that is too old (CSRF)."""
    text = _(
        "The form was opened too long ago, or in another session, or cookies are turned off. Nothing"
        " was changed: go back, load the page anew, and send it again."
    )
    return answer(request, Problem(403, _("This form has expired"), text))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Say that nothing is there (Django's handler404)."""
    text = _("There is nothing at this address: it may be mistyped, or was moved or deleted.")
    return answer(request, Problem(404, _("Nothing is here"), text))


def broken(request: HttpRequest) -> HttpResponse:
    """Say that we have failed, and by what the log is found (Django's handler500)."""
    text = _(
        "Something failed on the server, and what you sent may not have been kept. Try again in a"
        " moment; if it stays so, tell whoever runs the server that the log has it as {number}."
    )
    number = get_contextvars().get("session", "-")
    return answer(request, Problem(500, _("This did not work"), text.format(number=number)))
