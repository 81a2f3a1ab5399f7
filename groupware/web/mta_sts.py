"""The MTA-STS policy of our domains (RFC 8461 §3.2), at https://mta-sts.DOMAIN/.well-known/mta-sts.txt."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from groupware.core.directory import get_domain
from groupware.core.errors import GroupwareError
from mail.records import mail_host, sts_policy

PATH = "/.well-known/mta-sts.txt"
PREFIX = "mta-sts."

Handler = Callable[[HttpRequest], HttpResponseBase]


def serve_mta_sts(get_response: Handler) -> Handler:
    """Answer for the policy host of each domain of ours; other requests go on.

    A middleware, and not a view: what Django allows as host is fixed, and domains come and go.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path_info != PATH:
            return get_response(request)
        host = str(request.META.get("HTTP_HOST", "")).lower().partition(":")[0].rstrip(".")
        if request.method not in {"GET", "HEAD"} or not _is_ours(host):
            return HttpResponse("Not here.\n", status=404, content_type="text/plain")
        policy = sts_policy(mail_host())
        return HttpResponse(
            policy, content_type="text/plain", headers={"Cache-Control": "no-store"}
        )

    return middleware


def _is_ours(host: str) -> bool:
    if not host.startswith(PREFIX):
        return False
    try:
        get_domain(host.removeprefix(PREFIX))
    except GroupwareError:
        return False
    return True
