"""What `serve` tells the person who started it: addresses, who to sign in as, and how again."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings

from groupware.environment import IMPLICIT_TLS, url_host

DEMO_PASSWORDS = "demo-passwords.txt"
_WIDTH = 18


def render_banner(bound: Iterable[str]) -> str:
    """Return the table for the ports that are bound."""
    rows = ["", "The groupware server is running. Ctrl-C stops it.", ""]
    rows += _address_rows([name for name in settings.GROUPWARE_PORTS if name in set(bound)])
    rows += ["", *_sign_in_rows(settings.GROUPWARE_DATA), ""]
    return "\n".join(rows)


def _address_rows(names: Iterable[str]) -> Iterator[str]:
    host = url_host(settings.GROUPWARE_HOST)
    for name in names:
        address = f"{host}:{settings.GROUPWARE_PORTS[name]}"
        yield f"  {_label(name):{_WIDTH}} {_url(name, address)}"


def _label(name: str) -> str:
    if name in {"HTTP", "HTTPS"}:
        return "Web"
    if name in IMPLICIT_TLS:
        return f"{_label(name.removesuffix('S'))} (TLS)"
    return name.title() if name in {"SUBMISSION", "EVENTS"} else name


def _url(name: str, address: str) -> str:
    return f"{name.lower()}://{address}/" if name in {"HTTP", "HTTPS"} else address


def _sign_in_rows(data: Path) -> Iterator[str]:
    yield f"  {'Data':{_WIDTH}} {data}"
    passwords = data / DEMO_PASSWORDS
    if passwords.exists():
        yield f"  {'Demo team':{_WIDTH}} address and password, kept in {passwords}:"
        for line in passwords.read_text("utf-8").splitlines():
            yield f"  {'':{_WIDTH}}   {line}"
    else:
        yield f"  {'Accounts':{_WIDTH}} ./manage.py domain create {settings.GROUPWARE_DOMAIN}"
        yield f"  {'':{_WIDTH}} ./manage.py account create you@{settings.GROUPWARE_DOMAIN}"
