"""Does what the clock has made due, by the names of duties: python -m tests.browser.life.duties NAME…"""

import os
import sys

import django


def main(names: list[str]) -> None:
    """Do each now, instead of when its minute is over."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "groupware.settings"
    django.setup()
    from groupware.duties import DUTIES

    for duty in DUTIES:
        if duty.name in names:
            duty.do()


if __name__ == "__main__":
    main(sys.argv[1:])
