"""Makes accounts in the data directory of GROUPWARE_DATA, as a program of its own.

`python -m tests.clients.accounts PASSWORD ADDRESS…`, all in one domain.
"""

import os
import sys

import django


def main(password: str, addresses: list[str]) -> None:
    """Create the domain of the addresses, and a person for each."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "groupware.settings"
    django.setup()
    from django.contrib.auth.hashers import make_password

    from groupware.core import db
    from groupware.core.directory import NewAccount, create_account, create_domain
    from groupware.core.models import Account

    with db.write_transaction():  # one sync of the disk for all of them
        create_domain(addresses[0].partition("@")[2])
        for address in addresses:
            create_account(NewAccount(address, name=address.partition("@")[0]))
        # One hash for all: it is slow by design.
        Account.objects.filter(login__in=addresses).update(password=make_password(password))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
