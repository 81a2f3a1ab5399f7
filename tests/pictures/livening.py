"""A program of its own that makes the demo team and what its weeks have left behind.

`python -m tests.pictures.livening`, with the environment of the server that is to show it.
"""

import random

import django

SEED = 20


def main() -> None:
    """Make the team, and what there is to see of it."""
    django.setup()
    from django.core.management import call_command

    from groupware.core.clock import epoch
    from groupware.demo import create_demo_team
    from tests.pictures import devices, figures, mailing

    call_command("migrate", verbosity=0, interactive=False)
    create_demo_team()
    chance, now = random.Random(SEED), epoch()
    figures.second_domain()
    figures.space()
    figures.weeks(chance, now)
    mailing.queue(now)
    mailing.trace(now)
    devices.connect(now)


if __name__ == "__main__":
    main()
