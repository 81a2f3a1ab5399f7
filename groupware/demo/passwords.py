"""The demo team's passwords, where `make run` finds them at each start: DATA/demo-passwords.txt."""

from collections.abc import Iterable
from pathlib import Path

from groupware.core.directory import MIN_PASSWORD, generate_password
from groupware.core.keys import replace_private_file
from groupware.serve.banner import DEMO_PASSWORDS


def keep_passwords(data: Path, addresses: Iterable[str]) -> dict[str, str]:
    """Return a password for each address, once they are durable in a file of mode 0600.

    What the file has already stays as it is, so that it goes on opening a team that was made with
    it in another database.
    """
    path = data / DEMO_PASSWORDS
    held = read_passwords(path)
    passwords = {address: held.get(address) or generate_password() for address in addresses}
    if passwords.items() - held.items():
        lines = [f"{address} {password}\n" for address, password in passwords.items()]
        replace_private_file(path, "".join(lines).encode())
    return passwords


def read_passwords(path: Path) -> dict[str, str]:
    """Return the passwords by address; lines that are none are left out."""
    if not path.exists():
        return {}
    pairs = [line.split() for line in path.read_text("utf-8").splitlines()]
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2 and len(pair[1]) >= MIN_PASSWORD}
