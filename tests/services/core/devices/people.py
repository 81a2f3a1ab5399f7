"""Who comes with what, and the clock as a test moves it."""

from dataclasses import dataclass

from groupware.core import auth, devices
from groupware.core.models import Account
from groupware.core.principals import Principal
from tests.services.store import PASSWORD

NETWORK = "192.0.2.1"


@dataclass
class Time:
    """The clock, as the test moves it."""

    now: int = 1_800_000_000


def log_in(login: str, protocol: str = "imap", client: str = "", **said: str) -> Principal:
    password = said.get("password", PASSWORD)
    network = said.get("network", NETWORK)
    return auth.authenticate(login, password, protocol=protocol, network=network, client=client)


def contact(account: Account, client: str, protocol: str = "imap") -> devices.Contact:
    principal = Principal(account.pk, account.login, account.credential_epoch)
    return devices.note_login(principal, protocol, NETWORK, client)
