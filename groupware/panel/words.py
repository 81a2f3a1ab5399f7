"""What kinds, roles and states are called on the pages."""

from django.utils.translation import gettext_lazy as _

from groupware.core.models import AccountKind, AddressKind, Role
from groupware.core.models.store import CollectionKind
from groupware.panel.navigation import Text

ACCOUNT_KINDS: dict[str, Text] = {
    AccountKind.PERSON: _("Person"),
    AccountKind.SHARED: _("Shared mailbox"),
    AccountKind.ROOM: _("Room"),
    AccountKind.EQUIPMENT: _("Equipment"),
}
ADDRESS_KINDS: dict[str, Text] = {
    AddressKind.PRIMARY: _("primary"),
    AddressKind.ALIAS: _("alias"),
    AddressKind.LIST: _("list"),
    AddressKind.CATCH_ALL: _("catch-all"),
}
PLACES: dict[str, Text] = {
    CollectionKind.MAIL: _("mailbox"),
    CollectionKind.CALENDAR: _("calendar"),
    CollectionKind.ADDRESS_BOOK: _("address book"),
}
ROLES: dict[str, Text] = {
    Role.GLOBAL: _("Global administrator"),
    Role.DOMAIN: _("Domain administrator"),
    Role.HELP_DESK: _("Help desk"),
}
RIGHT_WORDS: dict[str, Text] = {
    "read": _("read"),
    "write": _("read and write"),
    "all": _("everything, also share it further"),
    "free-busy": _("see when it is busy"),
    "send-as": _("send mail as the owner"),
    "send-on-behalf": _("send mail on behalf of the owner"),
}
