"""The pages that need no login: the front page, `/healthz`, `/metrics`."""

import hashlib
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseForbidden,
    HttpResponsePermanentRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from groupware.core.health import State, kernel
from groupware.core.metrics import render_metrics
from groupware.core.proxies import client_address
from groupware.core.tls import certificate_files
from groupware.dav.responses import PREFIX
from groupware.environment import is_loopback, url_host
from groupware.serve.banner import DEMO_PASSWORDS
from groupware.web.status import port_states


@require_safe
def front_page(request: HttpRequest) -> HttpResponse:
    """Say what runs, where to sign in and how to connect a device."""
    local = is_loopback(settings.GROUPWARE_HOST)
    passwords = settings.GROUPWARE_DATA / DEMO_PASSWORDS
    cert, _ = certificate_files()
    host = urlsplit(settings.GROUPWARE_PUBLIC_URL).hostname
    dav_host = _dav_host(settings.GROUPWARE_PUBLIC_URL, settings.GROUPWARE_PORTS["HTTPS"])
    context = {
        "domain": settings.GROUPWARE_DOMAIN,
        "host": host,
        "ports": settings.GROUPWARE_PORTS,
        "dav_url": f"https://{dav_host}{PREFIX}/",
        "dav_host": dav_host,
        "mail_ports": _mail_ports(settings.GROUPWARE_PORTS),
        "states": port_states(),
        # Paths of this machine are shown to this machine only.
        "demo_passwords": passwords if local and passwords.exists() else None,
        "certificate": cert if local and settings.GROUPWARE_TLS_CERT is None else None,
        "fingerprint": _fingerprint(cert) if settings.GROUPWARE_TLS_CERT is None else None,
    }
    response = render(request, "groupware/front.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


def _mail_ports(ports: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return what a mail program enters: a row for each protocol that has a port."""
    rows = (
        ("IMAP", "IMAPS", "IMAP", _("with STARTTLS")),
        (_("Sending (SMTP)"), "SUBMISSIONS", "SUBMISSION", _("with STARTTLS")),
        (_("POP3, INBOX only"), "POP3S", "POP3", _("with STLS")),
    )
    return [
        {"label": label, "tls": ports[tls], "plain": ports[plain], "upgrade": upgrade}
        for label, tls, plain, upgrade in rows
        if ports[tls] or ports[plain]
    ]


def _dav_host(public_url: str, https_port: int) -> str:
    """Return host and port at which programs reach DAV over TLS."""
    parts = urlsplit(public_url)
    if parts.scheme == "https":
        return parts.netloc
    return f"{url_host(parts.hostname or '')}:{https_port}"


@csrf_exempt
def to_dav(_request: HttpRequest) -> HttpResponse:
    """Lead a client to CalDAV and CardDAV, whatever its method (RFC 6764 §5)."""
    return HttpResponsePermanentRedirect(f"{PREFIX}/")


@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """Say whether database and blob store can be reached: 200, or 503."""
    looks = {"database": kernel.look_at_database, "blobs": kernel.look_at_blobs}
    checks = {name: look(0).state is State.OK for name, look in looks.items()}
    healthy = all(checks.values())
    body = {name: "ok" if good else "unreachable" for name, good in checks.items()}
    return JsonResponse(
        {"status": "ok" if healthy else "unavailable", **body},
        status=200 if healthy else 503,
        headers={"Cache-Control": "no-store"},
    )


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics for Prometheus, to private networks only."""
    if not client_address(request.META).is_private:
        return HttpResponseForbidden(
            "Metrics are for private networks.\n", content_type="text/plain; charset=utf-8"
        )
    return HttpResponse(render_metrics(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _fingerprint(cert: Path) -> str | None:
    try:
        encoded = ssl.PEM_cert_to_DER_cert(cert.read_text("ascii"))
    except (OSError, ValueError):
        return None
    return hashlib.sha256(encoded).digest().hex(":").upper()
