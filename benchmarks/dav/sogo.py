"""A private SOGo with PostgreSQL and memcached: Debian's packages, installed or unpacked.

PostgreSQL is the installed one. The others are found below SOGO_ROOT as benchmarks/dav/cyrus.py
tells it of Cyrus: sogo, sogo-common, memcached, gnustep-base-common, gnustep-common, and the
libraries that `ldd root/usr/sbin/sogod` misses.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psycopg

from benchmarks.dav.program import Program
from tests.serve.running import descendants, free_ports, wait_for
from tests.services.postgresql import find_binaries

ROOT = Path(os.environ.get("SOGO_ROOT", "/"))
SERVER = ROOT / "usr" / "sbin" / "sogod"
MEMCACHED = ROOT / "usr" / "bin" / "memcached"
SETTINGS = ROOT / "etc" / "GNUstep" / "GNUstep.conf"
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "usr/lib/sogo", "usr/lib")
OWNER = "mail"
"""It refuses to run as root."""
DATABASE_OWNER = "postgres"
WORKERS = 4


def is_there() -> bool:
    """Tell whether its programs can be run here: only root can run them as others."""
    found = find_binaries() is not None and SERVER.exists() and MEMCACHED.exists()
    return found and os.geteuid() == 0


class Sogo(Program):
    """Debian's SOGo on a PostgreSQL with its default durability."""

    name = "sogo"
    user = "user"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        directory.chmod(0o755)
        ports = free_ports()
        self._database_port, self._cache_port = ports["IMAP"], ports["SMTP"]
        self._others: list[subprocess.Popen[bytes]] = []
        self._home = self.directory / "home"
        self._home.mkdir()
        shutil.chown(self._home, OWNER, OWNER)
        settings = self.directory / "GNUstep.conf"
        text = SETTINGS.read_text()
        settings.write_text(text.replace("=/usr/", f"={ROOT}/usr/").replace("//usr", "/usr"))
        self.environment = {
            "HOME": str(self._home),
            "LD_LIBRARY_PATH": ":".join(str(ROOT / name) for name in LIBRARIES),
            "GNUSTEP_CONFIG_FILE": str(settings),
        }
        self.command = [*_as(OWNER), str(SERVER), *self._arguments()]
        self._prepare_database()

    def _arguments(self) -> list[str]:
        url = f"postgresql://sogo:sogo@127.0.0.1:{self._database_port}/sogo"
        users = (
            f'({{type = sql; id = users; viewURL = "{url}/sogo_users"; canAuthenticate = YES;'
            " userPasswordAlgorithm = plain; isAddressBook = NO; })"
        )
        values = {
            "WONoDetach": "YES",
            "WOWorkersCount": str(WORKERS),
            "WOPort": f"127.0.0.1:{self.port}",
            "WOPidFile": f"{self._home}/pid",
            "WOLogFile": f"{self._home}/log",
            "SOGoProfileURL": f"{url}/sogo_user_profile",
            "OCSFolderInfoURL": f"{url}/sogo_folder_info",
            "OCSSessionsFolderURL": f"{url}/sogo_sessions_folder",
            "SOGoUserSources": users,
            "SOGoMemcachedHost": f"127.0.0.1:{self._cache_port}",
            "SOGoTimeZone": "Europe/Paris",
        }
        return [word for name, value in values.items() for word in (f"-{name}", value)]

    def _prepare_database(self) -> None:
        place = self.directory / "postgresql"
        place.mkdir()
        shutil.chown(place, DATABASE_OWNER, DATABASE_OWNER)
        options = ["-D", str(place / "data"), "-U", "sogo", "--auth=trust", "-E", "UTF8"]
        self._postgresql("initdb", [*options, "--locale=C.UTF-8"]).wait()

    def _postgresql(self, program: str, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        binaries = find_binaries()
        assert binaries is not None
        with (self.directory / "postgresql.log").open("ab") as log:
            command = [*_as(DATABASE_OWNER), f"{binaries}/{program}", *arguments]
            return subprocess.Popen(
                command, stdout=log, stderr=log, cwd="/", start_new_session=True
            )

    def start(self) -> None:
        """Run the three, and make the user where there is none yet."""
        place = self.directory / "postgresql"
        address = f"listen_addresses=127.0.0.1 port={self._database_port}".split()
        sockets = f"unix_socket_directories={place}"
        settings = [word for setting in (*address, sockets) for word in ("-c", setting)]
        database = self._postgresql("postgres", ["-D", str(place / "data"), *settings])
        cache = subprocess.Popen(
            [str(MEMCACHED), "-u", OWNER, "-l", "127.0.0.1", "-p", str(self._cache_port)],
            env=os.environ | self.environment,
            start_new_session=True,
        )
        self._others = [database, cache]
        wait_for(self._has_user, f"PostgreSQL, see {self.directory}/postgresql.log")
        super().start()

    def _has_user(self) -> bool:
        server = f"postgresql://sogo@127.0.0.1:{self._database_port}"
        try:
            with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
                if connection.execute("SELECT 1 FROM pg_database WHERE datname='sogo'").fetchone():
                    return True
                connection.execute("CREATE DATABASE sogo")
        except psycopg.OperationalError:
            return False
        with psycopg.connect(f"{server}/sogo", autocommit=True) as connection:
            columns = "c_uid text, c_name text, c_password text, c_cn text, mail text"
            connection.execute(f"CREATE TABLE sogo_users ({columns})".encode())
            row = (self.user, self.user, "secret", "User", "user@example.org")
            connection.execute("INSERT INTO sogo_users VALUES (%s, %s, %s, %s, %s)", row)
        return True

    def stop(self) -> None:
        """Stop all three, the database last."""
        super().stop()
        for process in reversed(self._others):
            process.terminate()
            process.wait(timeout=30)
        self._others = []

    def pids(self) -> set[int]:
        """Return the process ids of all three."""
        roots = {self.pid, *(process.pid for process in self._others)}
        return roots.union(*(descendants(pid) for pid in roots))

    @property
    def version(self) -> str:
        """What the library is called by."""
        [library] = (ROOT / "usr/lib/sogo").glob("libSOGo.so.*.*")
        return f"SOGo {library.name.removeprefix('libSOGo.so.')}"

    def calendar_home(self) -> str:
        """Return where its user's calendars are."""
        return f"/SOGo/dav/{self.user}/Calendar/"

    def address_book_home(self) -> str:
        """Return where its user's address books are."""
        return f"/SOGo/dav/{self.user}/Contacts/"


def _as(name: str) -> list[str]:
    """Return the words that run a command as another user."""
    user = pwd.getpwnam(name)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
