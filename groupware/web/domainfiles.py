"""What others look for at hosts of our domains: the MTA-STS policy, and settings for mail programs.

`https://mta-sts.DOMAIN/.well-known/mta-sts.txt` (RFC 8461 §3.2), and what Thunderbird and others
that have learned it from there ask for when somebody types in an address:
`autoconfig.DOMAIN/mail/config-v1.1.xml`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from xml.sax.saxutils import escape

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from groupware.core.directory import get_domain
from groupware.core.errors import GroupwareError
from mail.records import mail_host, public_port, sts_policy

Handler = Callable[[HttpRequest], HttpResponseBase]


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
        held = FILES.get(request.path_info)
        if held is None:
            return get_response(request)
        host = str(request.META.get("HTTP_HOST", "")).lower().partition(":")[0].rstrip(".")
        domain = _find_domain(host, held.prefix)
        if request.method not in {"GET", "HEAD"} or domain is None:
            return HttpResponse("Not here.\n", status=404, content_type="text/plain")
        headers = {"Cache-Control": "no-store"}
        return HttpResponse(held.render(domain), content_type=held.content_type, headers=headers)

    return middleware


def _find_domain(host: str, prefix: str) -> str | None:
    if not host.startswith(prefix):
        return None
    try:
        return get_domain(host.removeprefix(prefix)).name
    except GroupwareError:
        return None


def _sts(_domain: str) -> str:
    return sts_policy(mail_host())


def _autoconfig(domain: str) -> str:
    """Return the settings for a mail program: with TLS alone, the login is the address."""
    servers = (
        _server("incoming", "imap", "IMAPS"),
        _server("incoming", "pop3", "POP3S"),
        _server("outgoing", "smtp", "SUBMISSIONS"),
    )
    name = escape(domain)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<clientConfig version="1.1">\n<emailProvider id="{name}">\n'
        f"<domain>{name}</domain>\n<displayName>{name}</displayName>\n"
        f"<displayShortName>{name}</displayShortName>\n{''.join(servers)}"
        "</emailProvider>\n</clientConfig>\n"
    )


def _server(direction: str, kind: str, role: str) -> str:
    port = public_port(role)
    if not port:
        return ""
    return (
        f'<{direction}Server type="{kind}">\n<hostname>{escape(mail_host())}</hostname>\n'
        f"<port>{port}</port>\n<socketType>SSL</socketType>\n"
        "<authentication>password-cleartext</authentication>\n"
        f"<username>%EMAILADDRESS%</username>\n</{direction}Server>\n"
    )


FILES = {
    "/.well-known/mta-sts.txt": DomainFile("mta-sts.", "text/plain", _sts),
    "/mail/config-v1.1.xml": DomainFile("autoconfig.", "text/xml", _autoconfig),
}
