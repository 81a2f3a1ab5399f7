"""Which pages are shown, to whom and in which look."""

from dataclasses import dataclass, field, replace
from typing import Any, Final

DOMAIN: Final = "tern.example"
ADMIN, PERSON = f"jonas@{DOMAIN}", f"lea@{DOMAIN}"
WIDE: Final = {"width": 1280, "height": 860}
TALL: Final = {"width": 1280, "height": 1000}
PHONE: Final = {"width": 390, "height": 844}


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture of a page; `find` is a link on it that is followed, for pages that have a number."""

    name: str
    path: str
    who: str = ADMIN
    find: str = ""
    scheme: str = "light"
    locale: str = "en"
    viewport: Any = field(default_factory=lambda: WIDE)
    is_whole: bool = False


README: Final = (
    Shot("overview", "/admin/", viewport=TALL),
    Shot("overview-dark", "/admin/", scheme="dark", viewport=TALL),
    Shot("overview-phone", "/admin/", viewport=PHONE),
    Shot("account", "/admin/accounts/?q=lea", find="main tbody a"),
    Shot("queue", "/admin/queue/"),
    Shot("devices", "/account/devices/", PERSON),
)
_FIRST: Final = "main tbody a"
_PAGES: Final = (
    Shot("overview", "/admin/"),
    Shot("accounts", "/admin/accounts/"),
    Shot("account", "/admin/accounts/?q=lea", find=_FIRST),
    Shot("account-add", "/admin/accounts/add/"),
    Shot("account-share", "/admin/accounts/?q=lea", find=f"{_FIRST} >> a[href$='/share/']"),
    Shot("account-depart", "/admin/accounts/?q=lea", find=f"{_FIRST} >> a[href$='/depart/']"),
    Shot("domains", "/admin/domains/"),
    Shot("domain", "/admin/domains/?q=tern.example", find=_FIRST),
    Shot("domain-dns", "/admin/domains/?q=tern.example", find=f"{_FIRST} >> a[href$='/dns/']"),
    Shot("groups", "/admin/groups/"),
    Shot("group", "/admin/groups/", find=_FIRST),
    Shot("group-policy", "/admin/groups/", find=f"{_FIRST} >> a[href$='/policy/']"),
    Shot("addresses", "/admin/addresses/"),
    Shot("address", "/admin/addresses/", find=_FIRST),
    Shot("rooms", "/admin/rooms/"),
    Shot("room", "/admin/rooms/", find=_FIRST),
    Shot("shares", "/admin/shares/"),
    Shot("share", "/admin/shares/", find=_FIRST),
    Shot("roles", "/admin/roles/"),
    Shot("role", "/admin/roles/", find=_FIRST),
    Shot("queue", "/admin/queue/"),
    Shot("trace", "/admin/trace/"),
    Shot("trace-one", "/admin/trace/", find="main tbody a"),
    Shot("sessions", "/admin/sessions/"),
    Shot("settings", "/admin/settings/"),
    Shot("doctor", "/admin/doctor/"),
    Shot("import", "/admin/imports/"),
    Shot("audit", "/admin/audit/"),
    Shot("nothing", "/admin/accounts/?q=nobody"),
    Shot("missing", "/admin/accounts/999999/"),
    Shot("own-home", "/account/", PERSON),
    Shot("own-devices", "/account/devices/", PERSON),
    Shot("own-new-device", "/account/devices/new/", PERSON),
    Shot("own-android", "/account/devices/new/?kind=android", PERSON),
    Shot("own-profile", "/account/profile/", PERSON),
    Shot("own-security", "/account/security/", PERSON),
    Shot("own-identities", "/account/identities/", PERSON),
    Shot("own-shares", "/account/shares/", PERSON),
    Shot("own-space", "/account/space/", PERSON),
    Shot("own-export", "/account/export/", PERSON),
    Shot("sign-in", "/account/login/", ""),
    Shot("front", "/", ""),
)
_LOOKS: Final[dict[str, dict[str, Any]]] = {
    "light": {},
    "dark": {"scheme": "dark"},
    "phone": {"viewport": PHONE, "locale": "it"},
}


def _every() -> tuple[Shot, ...]:
    return tuple(
        replace(shot, name=f"{shot.name}-{name}", is_whole=True, **look)
        for name, look in _LOOKS.items()
        for shot in _PAGES
    )


EVERY: Final = _every()
