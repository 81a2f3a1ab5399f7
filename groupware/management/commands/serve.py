"""`manage.py serve [ROLE…]`: run every server, or some, in the foreground until Ctrl-C."""

import asyncio
import os
import sys
from argparse import ArgumentParser
from functools import partial

from django.conf import settings
from django.core.management.base import BaseCommand

from groupware.core.logging import configure_logging
from groupware.environment import SettingsError
from groupware.serve.banner import render_banner
from groupware.serve.dbconnections import warn_of_few
from groupware.serve.prepare import check_database, prepared
from groupware.serve.roles import ROLES, programs_of
from groupware.serve.sockets import bind_sockets, close_sockets
from groupware.serve.supervisor import Supervisor


class Command(BaseCommand):
    """Run the servers."""

    help = "Run every server, or those of the roles that are named, until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the roles."""
        parser.add_argument("roles", nargs="*", metavar="ROLE", help=", ".join(ROLES))

    def handle(self, *, roles: list[str], **_options: object) -> None:
        """Bind, prepare, then supervise; a wrong setting is one line and exit code 1."""
        unknown = [role for role in roles if role not in ROLES]
        if unknown:
            sys.exit(f"There is no role {unknown[0]}; the roles are {', '.join(ROLES)}.")
        os.umask(0o077)
        configure_logging(settings.GROUPWARE_LOG_LEVEL, settings.GROUPWARE_LOG_FORMAT)
        try:
            self._serve(roles)
        except SettingsError as error:
            sys.exit(str(error))

    def _serve(self, roles: list[str]) -> None:
        ports = settings.GROUPWARE_PORTS
        programs = tuple(
            program
            for program in programs_of(roles)
            if not program.ports or any(ports[name] for name in program.ports)
        )
        names = [name for program in programs for name in program.ports]
        sockets = bind_sockets(settings.GROUPWARE_HOST, ports, names)
        try:
            check_database()
            warn_of_few(programs, settings.GROUPWARE_PROCESSES)
            with prepared():
                supervisor = Supervisor(
                    sockets, settings.GROUPWARE_DATA, settings.GROUPWARE_PROCESSES
                )
                started = partial(self._print_now, render_banner(sockets))
                asyncio.run(supervisor.run(programs, started))
        finally:
            close_sockets(sockets)

    def _print_now(self, text: str) -> None:
        """Print for a person also where the output goes to a file or another program."""
        self.stdout.write(text)
        self.stdout.flush()
