"""vdirsyncer, which keeps folders in step with collections of a server."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.clients.dav.servers import DavServer
from tests.clients.fetched import python_with
from tests.clients.people import Person
from tests.clients.tools import private

REQUIREMENTS = Path(__file__).parent / "requirements" / "vdirsyncer.txt"
SUFFIXES = {"caldav": "ics", "carddav": "vcf"}


def run_program(
    module: str, *arguments: str, home: Path, stdin: str = "", **environment: str
) -> str:
    """Run one of the programs of the requirements, and return what it printed."""
    variables = {"HOME": str(home), "LC_ALL": "C.UTF-8", "TZ": "Europe/Paris"}
    kept = {name: os.environ[name] for name in ("PATH",)}
    done = subprocess.run(
        [python_with(REQUIREMENTS), "-m", module, *arguments],
        env=kept | variables | environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


class Vdirsyncer:
    """One configuration: pairs of a local folder and an account."""

    def __init__(self, directory: Path, server: DavServer, url: str = "") -> None:
        self.directory = directory
        directory.mkdir(exist_ok=True)
        self._server = server
        self._url = url or server.url
        self._sections: dict[str, dict[str, object]] = {
            "general": {"status_path": str(directory / "status")}
        }

    def pair(self, name: str, kind: str, person: Person, collections: Mapping[str, str]) -> None:
        """Keep folders, by name, in step with collections, by last segment, of one person.

        Pairs of one kind have the same folders.
        """
        listed = [[local, local, far] for local, far in collections.items()]
        self._sections[f"storage {kind}_folders"] = {
            "type": "filesystem",
            "path": str(self.directory / kind),
            "fileext": f".{SUFFIXES[kind]}",
        }
        self._sections[f"storage {name}_far"] = {
            "type": kind,
            "url": self._url,
            "username": person.address,
            "password": person.password,
            "verify": str(self._server.trusted),
        }
        self._sections[f"pair {name}"] = {
            "a": f"{kind}_folders",
            "b": f"{name}_far",
            "collections": listed,
            "conflict_resolution": "b wins",
            "metadata": ["displayname", "color"] if kind == "caldav" else ["displayname"],
        }

    def folder(self, kind: str, name: str) -> Path:
        """Return where the objects of a collection are."""
        return self.directory / kind / name

    def discover(self) -> None:
        """Look for the collections, and make the folders."""
        text = "".join(
            f"[{section}]\n"
            + "".join(f"{key} = {json.dumps(value)}\n" for key, value in rows.items())
            for section, rows in self._sections.items()
        )
        private(self.directory / "config", text)
        self._run("discover", "--no-list", stdin="y\n" * 20)

    def sync(self) -> None:
        """Bring both sides of every pair to the same state."""
        self._run("sync")

    def sync_metadata(self) -> None:
        """Do the same with names and colours."""
        self._run("metasync")

    def _run(self, *arguments: str, stdin: str = "") -> None:
        config = str(self.directory / "config")
        options = ("--verbosity", "WARNING", "--config", config)
        run_program("vdirsyncer", *options, *arguments, home=self.directory, stdin=stdin)
