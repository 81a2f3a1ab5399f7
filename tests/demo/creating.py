"""A first start without servers: python -m tests.demo.creating

Creates the tables and the team where they are missing, then prints what is there as JSON; with
`look` it creates nothing.
"""

import json
import sys

import django


def main(*, create: bool) -> None:
    """Create the team, and say what is there."""
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from groupware.core import auth
    from groupware.core.models import Account, Domain
    from groupware.demo import create_demo_team
    from groupware.demo.passwords import read_passwords
    from groupware.serve.banner import DEMO_PASSWORDS
    from mail.models import Message

    call_command("migrate", verbosity=0, interactive=False)
    if create:
        create_demo_team()
    passwords = read_passwords(settings.GROUPWARE_DATA / DEMO_PASSWORDS)
    opened = []
    if Account.objects.exists():
        for login, password in passwords.items():
            proven = auth.authenticate(login, password, protocol="imap", network="127.0.0.1")
            opened.append(proven.login)
    counted = {
        "domains": Domain.objects.count(),
        "accounts": Account.objects.count(),
        "messages": Message.objects.count(),
        "passwords": passwords,
        "opened": opened,
    }
    sys.stdout.write(json.dumps(counted))


if __name__ == "__main__":
    main(create=sys.argv[1:] != ["look"])
