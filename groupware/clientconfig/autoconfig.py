"""Mozilla's autoconfig, version 1.1: what Thunderbird and many others read for a domain.

https://wiki.mozilla.org/Thunderbird:Autoconfiguration:ConfigFileFormat, and its draft at the IETF
(draft-ietf-mailmaint-autoconfig). Both are served: `addressBook` and `calendar` in the former's
form stand beside `emailProvider`, where who does not know them passes over them.
"""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, tostring

from django.conf import settings
from django.utils.translation import gettext, override

from groupware.clientconfig.servers import Server, Servers, find_servers

CONTENT_TYPE = "text/xml"
_LOGIN = "%EMAILADDRESS%"
_DAV = (("addressBook", "carddav"), ("calendar", "caldav"))


def render(domain: str) -> str:
    """Return the settings of a domain; the login is the whole address."""
    return render_for(domain, find_servers())


def render_for(domain: str, servers: Servers) -> str:
    """Return what leads to these servers."""
    root = Element("clientConfig", version="1.1")
    provider = SubElement(root, "emailProvider", id=domain)
    for name in ("domain", "displayName", "displayShortName"):
        SubElement(provider, name).text = domain
    for server in servers.mail:
        provider.append(_mail(server))
    provider.append(_documentation())
    root.extend(_dav(servers))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, "unicode")}\n'


def _mail(server: Server) -> Element:
    direction = "outgoing" if server.kind == "smtp" else "incoming"
    held = Element(f"{direction}Server", type=server.kind)
    SubElement(held, "hostname").text = server.host
    SubElement(held, "port").text = str(server.port)
    SubElement(held, "socketType").text = "SSL" if server.is_tls else "STARTTLS"
    SubElement(held, "authentication").text = "password-cleartext"
    SubElement(held, "username").text = _LOGIN
    return held


def _documentation() -> Element:
    held = Element("documentation", url=f"{settings.GROUPWARE_PUBLIC_URL}/account/devices/new/")
    for code, _name in settings.LANGUAGES:
        with override(code):
            SubElement(held, "descr", lang=code).text = gettext("Set up a device")
    return held


def _dav(servers: Servers) -> Iterator[Element]:
    if servers.dav is None:
        return
    for tag, kind in _DAV:
        held = Element(tag, type=kind)
        SubElement(held, "username").text = _LOGIN
        SubElement(held, "authentication").text = "http-basic"
        SubElement(held, "serverURL").text = servers.dav.url
        yield held
