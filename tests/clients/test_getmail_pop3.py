import ssl
import subprocess
from pathlib import Path

from tests.clients.imap import append_exactly, sign_in
from tests.clients.people import Person
from tests.clients.samples import MIXED, PLAIN, numbered
from tests.clients.test_getmail import without_trace
from tests.clients.tools import find_tool, private
from tests.serve.running import Running

CONFIGURATION = """\
[retriever]
type = SimplePOP3SSLRetriever
server = localhost
port = {port}
username = {address}
password = {password}
ca_certs = {trusted}

[destination]
type = MDA_external
path = /bin/sh
arguments = ("-c", 'exec cat > "$0/$$"', "{fetched}")
allow_root_commands = true

[options]
read_all = false
delete = false
delivered_to = false
received = false
verbose = 1
"""


def test_each_message_is_fetched_once(
    server: Running, tls: ssl.SSLContext, person: Person, tmp_path: Path
) -> None:
    fetched = tmp_path / "fetched"
    fetched.mkdir()
    text = CONFIGURATION.format(
        port=server.ports["POP3S"],
        address=person.address,
        password=person.password,
        trusted=server.trusted,
        fetched=fetched,
    )
    file = private(tmp_path / "getmailrc", text)
    command = [find_tool("getmail"), "--getmaildir", str(tmp_path), "--rcfile", file.name]

    def get_mail() -> list[bytes]:
        ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=50)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        found = [path.read_bytes().replace(b"\n", b"\r\n") for path in fetched.iterdir()]
        return sorted(without_trace(found))

    with sign_in(server, tls, person) as client:
        for message in (PLAIN, MIXED):
            append_exactly(client, message)
        assert get_mail() == sorted([PLAIN, MIXED])
        append_exactly(client, numbered(3))
    assert get_mail() == sorted([PLAIN, MIXED, numbered(3)])
