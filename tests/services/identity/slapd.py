"""Debian's slapd, started privately: its own directory, loopback, stopped at the end."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from groupware.core.tls import ensure_certificate, own_certificate_files
from tests.clients.tools import find_tool, private
from tests.serve.running import wait_for

BASE = "dc=corp,dc=test"
READER, READERS_PASSWORD = f"cn=reader,{BASE}", "reads the directory"
EVES_PASSWORD = "the directory's own"
SCHEMAS = Path("/etc/ldap/schema")

CONFIGURATION = """\
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schemas}/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {place}/slapd.pid
TLSCertificateFile {cert}
TLSCertificateKeyFile {key}
database mdb
suffix "{base}"
directory {place}/data
maxsize 16777216
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by * none
"""

ENTRIES = """\
dn: {base}
objectClass: dcObject
objectClass: organization
o: Corp
dc: corp

dn: {reader}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: {readers_password}

dn: uid=eve,{base}
objectClass: inetOrgPerson
uid: eve
cn: Eve
sn: Eve
mail: eve@corp.test
userPassword: {eves_password}

dn: uid=twin1,{base}
objectClass: inetOrgPerson
uid: twin1
cn: Twin
sn: Twin
mail: twin@corp.test
userPassword: {eves_password}

dn: uid=twin2,{base}
objectClass: inetOrgPerson
uid: twin2
cn: Twin
sn: Twin
mail: twin@corp.test
userPassword: {eves_password}
"""


@dataclass
class Slapd:
    """A directory that runs; `ca` is what its certificate is checked against."""

    url: str
    tls_url: str
    ca: Path
    process: subprocess.Popen[bytes] = field(repr=False)

    def stop(self) -> None:
        """Stop it."""
        self.process.terminate()
        self.process.wait(timeout=10)


@contextmanager
def running_slapd(place: Path) -> Iterator[Slapd]:
    """Start a directory with some people below `place`."""
    slapd, slapadd = find_tool("slapd"), find_tool("slapadd")
    if not (SCHEMAS / "inetorgperson.schema").exists():
        pytest.skip("run `make test-deps`, which installs slapd")
    place.mkdir(parents=True, exist_ok=True)
    (place / "data").mkdir()
    ensure_certificate(place, ["localhost"])
    cert, key = own_certificate_files(place)
    values = {"place": place, "base": BASE, "reader": READER, "schemas": SCHEMAS}
    text = CONFIGURATION.format(cert=cert, key=key, **values)
    configuration = private(place / "slapd.conf", text)
    passwords = {"readers_password": READERS_PASSWORD, "eves_password": EVES_PASSWORD}
    entries = private(place / "entries.ldif", ENTRIES.format(**values, **passwords))
    add = [slapadd, "-f", str(configuration), "-l", str(entries)]
    subprocess.run(add, check=True, capture_output=True, timeout=30)
    # libldap takes "localhost" for the name of this machine, which the certificate does not have.
    url, tls_url = (f"{scheme}://127.0.0.1:{_free_port()}" for scheme in ("ldap", "ldaps"))
    command = [slapd, "-f", str(configuration), "-h", f"{url}/ {tls_url}/", "-d", "0"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = Slapd(url, tls_url, cert, process)
    try:
        wait_for(lambda: _answers(url) and _answers(tls_url), "slapd")
        yield server
    finally:
        server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=1):
            return True
    except OSError:
        return False
