"""What others look for at hosts of our domains: the MTA-STS policy, and settings for programs.

`https://mta-sts.DOMAIN/.well-known/mta-sts.txt` (RFC 8461 §3.2); what Thunderbird and others ask for
when somebody types in an address (`autoconfig.DOMAIN/mail/config-v1.1.xml`, else
`DOMAIN/.well-known/autoconfig/mail/config-v1.1.xml`); and Microsoft's autodiscover.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect

from groupware.clientconfig import autoconfig, autodiscover
from groupware.core import limits
from groupware.core.directory import get_domain
from groupware.core.errors import GroupwareError
from mail.records import mail_host, sts_policy

Handler = Callable[[HttpRequest], HttpResponseBase]

AUTODISCOVER = "/autodiscover/autodiscover.xml"
_KEPT_NOWHERE = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class DomainFile:
    """A file that a host named `prefix` before the domain has; `render` takes the domain."""

    prefix: str
    content_type: str
    render: Callable[[str], str]


def serve_domain_files(get_response: Handler) -> Handler:
    """Answer for these hosts of each domain of ours; other requests go on.

    A middleware, and not a view: what Django allows as host is fixed, and domains come and go.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path_info.lower() == AUTODISCOVER:
            return _discover(request)
        held = FILES.get(request.path_info)
        if held is None:
            return get_response(request)
        domain = _find_domain(_host(request), held.prefix)
        if request.method not in {"GET", "HEAD"} or domain is None:
            return HttpResponse("Not here.\n", status=404, content_type="text/plain")
        return HttpResponse(
            held.render(domain), content_type=held.content_type, headers=_KEPT_NOWHERE
        )

    return middleware


def _host(request: HttpRequest) -> str:
    return str(request.META.get("HTTP_HOST", "")).lower().partition(":")[0].rstrip(".")


def _find_domain(host: str, prefix: str) -> str | None:
    if not host.startswith(prefix):
        return None
    try:
        return get_domain(host.removeprefix(prefix)).name
    except GroupwareError:
        return None


def _discover(request: HttpRequest) -> HttpResponseBase:
    """Answer what Outlook and others ask, at whatever host led them here.

    A GET in the clear without an address is how Outlook looks for a redirect (MS-OXDISCO §3.1.5.4).
    """
    if request.method == "POST":
        if int(request.META.get("CONTENT_LENGTH") or 0) > limits.AUTODISCOVER_REQUEST.value:
            return HttpResponse("Too large.\n", status=413, content_type="text/plain")
        asked = autodiscover.parse_request(request.body)
    elif request.method in {"GET", "HEAD"}:
        given = {name.lower(): str(value) for name, value in request.GET.items()}
        address = given.get("emailaddress") or given.get("email") or ""
        public = str(settings.GROUPWARE_PUBLIC_URL)
        if not address and public.startswith("https:") and not request.is_secure():
            return HttpResponseRedirect(f"{public}{AUTODISCOVER}")
        asked = autodiscover.Asked(address)
    else:
        headers = {"Allow": "GET, HEAD, POST"}
        return HttpResponse(status=405, headers=headers)
    body = autodiscover.answer(asked)
    return HttpResponse(body, content_type=autodiscover.CONTENT_TYPE, headers=_KEPT_NOWHERE)


def _sts(_domain: str) -> str:
    return sts_policy(mail_host())


FILES = {
    "/.well-known/mta-sts.txt": DomainFile("mta-sts.", "text/plain", _sts),
    "/mail/config-v1.1.xml": DomainFile("autoconfig.", autoconfig.CONTENT_TYPE, autoconfig.render),
    "/.well-known/autoconfig/mail/config-v1.1.xml": DomainFile(
        "", autoconfig.CONTENT_TYPE, autoconfig.render
    ),
}
