"""What the supervisor executes: `python -m groupware.serve.child PROGRAM`.

The environment carries the settings and the inherited sockets.
"""

import gc
import importlib
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "groupware.settings")


def main(name: str) -> None:
    """Set this process up and run the program's entry until it returns."""
    from django.conf import settings

    from groupware.core.listeners import Listeners
    from groupware.core.logging import configure_logging
    from groupware.serve.roles import find_program

    configure_logging(settings.GROUPWARE_LOG_LEVEL, settings.GROUPWARE_LOG_FORMAT)
    django.setup()
    from mail.services import trace

    module, _, function = find_program(name).entry.partition(":")
    run = getattr(importlib.import_module(module), function)
    # What is there by now stays as long as the process. Reading ten thousand rows makes the
    # collector look at everything, which takes four times as long as the reading: not at this.
    gc.collect()
    gc.freeze()
    trace.begin()
    try:
        run(Listeners.inherited())
    finally:
        trace.end()


if __name__ == "__main__":
    main(sys.argv[1])
