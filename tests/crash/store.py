"""A store to crash: its directory and database, and the processes that are run on it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

import django
import psycopg

from groupware.environment import BASE_DIR
from tests.crash.model import Place
from tests.crash.writer import list_places

DOMAIN = "example.test"
PEOPLE = ("ada", "bob", "cai", "dee")
PASSWORD = "correct-horse"
TIMEOUT = 200


@dataclass(frozen=True, slots=True)
class Store:
    """GROUPWARE_DATA, the database, and the directory of what was told and noted."""

    data: Path
    database_url: str
    notes: Path

    @property
    def model(self) -> Path:
        """Where the model of what is in the store is kept."""
        return self.notes / "model.json"

    @property
    def places_file(self) -> Path:
        """Where it is noted which mailboxes are written to."""
        return self.notes / "places.json"

    def places(self) -> list[Place]:
        """Return the mailboxes that are written to."""
        return [Place(*fields) for fields in json.loads(self.places_file.read_text())]

    def environment(self, **variables: str) -> dict[str, str]:
        """Return the environment of a process on this store."""
        kept = {name: text for name, text in os.environ.items() if "GROUPWARE_" not in name}
        return kept | {
            "GROUPWARE_DATA": str(self.data),
            "GROUPWARE_DATABASE_URL": self.database_url,
            "GROUPWARE_LOG_LEVEL": "ERROR",
            "GROUPWARE_DEMO": "0",
            "DJANGO_SETTINGS_MODULE": "groupware.settings",
            "PYTHONPATH": str(BASE_DIR),
            **variables,
        }

    def run(
        self, module: str, *arguments: str, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a module of the tests on the store until it ends."""
        return subprocess.run(
            [sys.executable, "-m", f"tests.crash.{module}", *arguments],
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )

    def ask_doctor(self) -> subprocess.CompletedProcess[str]:
        """Run `manage.py doctor`, which parses every message anew."""
        return subprocess.run(
            [sys.executable, str(BASE_DIR / "manage.py"), "doctor", "--deep"],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )

    def faults(self, *journals: Path) -> list[str]:
        """Return what a new process finds wrong."""
        ended = self.run("verify", str(self.model), *map(str, journals))
        assert ended.returncode == 0, ended.stderr
        faults: list[str] = json.loads(ended.stdout)
        return faults


@contextmanager
def _of_server(url: str) -> Iterator[psycopg.Connection]:
    """Yield a connection to the server of a database, not to the database itself."""
    server = f"{url.rpartition('/')[0]}/postgres"
    with closing(psycopg.connect(server, autocommit=True)) as connection:
        yield connection


def create_template(directory: Path, server_url: str) -> Store:
    """Create a store with people in it, of which others are made quickly."""
    url = f"sqlite://{directory}/groupware.sqlite3"
    if server_url:
        url = f"{server_url.rpartition('/')[0]}/template_{os.getpid()}"
        with _of_server(url) as connection:
            connection.execute(f'CREATE DATABASE "{url.rpartition("/")[2]}"'.encode())
    (directory / "data").mkdir(mode=0o700)
    (directory / "notes").mkdir()
    store = Store(directory / "data", url, directory / "notes")
    made = store.run("store", str(store.places_file))
    assert made.returncode == 0, made.stderr
    return store


def copy_template(template: Store, directory: Path, url: str) -> Store:
    """Make the database of `url` and a data directory as the template's are."""
    for name in ("data", "notes"):
        shutil.copytree(getattr(template, name), directory / name)
    if url.startswith("sqlite"):
        path = template.database_url.removeprefix("sqlite://")
        shutil.copyfile(path, url.removeprefix("sqlite://"))
    else:
        names = [store_url.rpartition("/")[2] for store_url in (url, template.database_url)]
        with _of_server(url) as connection:
            connection.execute(f'DROP DATABASE "{names[0]}"'.encode())
            connection.execute(f'CREATE DATABASE "{names[0]}" TEMPLATE "{names[1]}"'.encode())
    return Store(directory / "data", url, directory / "notes")


def _fill(places_file: Path) -> None:
    """Create the tables and the people in this process's store, and note their mailboxes."""
    from django.core.management import call_command

    from groupware.core.directory import NewAccount, create_account, create_domain

    call_command("migrate", verbosity=0, interactive=False)
    create_domain(DOMAIN)
    for name in PEOPLE:
        create_account(NewAccount(f"{name}@{DOMAIN}", password=PASSWORD))
    places_file.write_text(json.dumps([astuple(place) for place in list_places()]))


if __name__ == "__main__":
    django.setup()
    _fill(Path(sys.argv[1]))
