"""How many sockets a server may hold."""

import os
import subprocess
import sys

PROGRAM = """
import resource
import django
django.setup()
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, most))
from groupware.core.aio import allow_many_files
allow_many_files()
assert resource.getrlimit(resource.RLIMIT_NOFILE) == (most, most)
"""


def test_a_server_takes_as_many_files_as_the_system_allows() -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "groupware.settings"}
    subprocess.run([sys.executable, "-c", PROGRAM], env=environment, check=True)
