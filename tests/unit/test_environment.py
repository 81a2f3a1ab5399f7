import os
from pathlib import Path

import pytest

from groupware.environment import (
    PORTS,
    DatabaseUrl,
    SettingsError,
    prepare_data_directory,
    read_environment,
)


def test_defaults_are_those_of_the_contract() -> None:
    environment = read_environment({})
    assert environment.host == "127.0.0.1"
    assert environment.data.name == "data"
    assert environment.ports == PORTS
    assert environment.processes == min(os.cpu_count() or 1, 4)
    assert environment.public_url == "http://127.0.0.1:8000"
    assert environment.demo
    assert not environment.allow_plaintext
    assert not environment.trace_submitter
    assert (environment.log_level, environment.log_format) == ("INFO", "text")
    assert environment.database_url == DatabaseUrl(
        "sqlite", str(environment.data / "groupware.sqlite3")
    )


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("IMAP_PORT", "imap", "expected a whole number from 0 to 65535"),
        ("IMAP_PORT", "65536", "expected a whole number"),
        ("IMAP_PORT", "-1", "expected a whole number"),
        ("IMAP_PORT", "١٤٣", "expected a whole number"),
        ("IMAP_PORT", "8000", "GROUPWARE_HTTP_PORT is the same"),
        ("PROCESSES", "0", "from 1 to 64"),
        ("DEMO", "yes", "expected 0 or 1"),
        ("TRACE_SUBMITTER", "yes", "expected 0 or 1"),
        ("LOG_LEVEL", "loud", "expected one of DEBUG, INFO, WARNING, ERROR"),
        ("POP3_DELE", "keep", "expected one of delete, trash, hide"),
        ("DMARC", "reject", "expected one of enforce, junk, note"),
        ("LOG_FORMAT", "xml", "expected one of text, json"),
        ("HOST", "no host", "expected a host name"),
        ("DOMAIN", "-bad-", "expected a host name"),
        ("TLS_CERT", "/nowhere/cert.pem", "set both or neither"),
        ("TRUSTED_PROXIES", "10.0.0.0/99", "expected addresses or networks"),
        ("TRUSTED_NETWORKS", "relay.example", "expected addresses or networks"),
        ("SOURCE_NETWORKS", "home", "expected addresses or networks"),
        ("SPAM", "delete", "expected one of junk, refuse"),
        ("RSPAMD_URL", "ftp://:secret@host", "http:// or https://"),
        ("TRUSTED_SEALERS", "lists.example.org;x", "expected domains such as"),
        ("DNS_SERVERS", "dns.example.org", "expected addresses such as 127.0.0.1:53"),
        ("DNS_SERVERS", "127.0.0.1:53, ::1:x", "expected addresses such as"),
        ("DNS_SERVERS", "127.0.0.1:0", "expected addresses such as"),
        ("SMARTHOST_URL", "http://user:secret@mail.example.org", "smtp:// or smtps://"),
        ("SMARTHOST_URL", "smtp://u:secret@mail.example.org?tls=opportunistic", "?tls=required"),
        ("MX_PORT", "0", "expected a whole number from 1 to 65535"),
        ("PUBLIC_URL", "mail.example.org", "http:// or https://"),
        ("PUBLIC_URL", "https://", "expected a URL such as"),
        ("BROKER_URL", "kafka://x", "redis://"),
        ("BLOB_URL", "s3://key:secret@host/bucket", "unset it"),
        ("NOTIFY_URL", "redis://:secret@host/0", "unset it"),
        ("DATABASE_URL", "mysql://u:secret@h/db", "sqlite:// or postgresql://"),
        ("DATABASE_URL", "postgresql://u:secret@h", "postgresql://USER:PASSWORD@HOST:PORT/DATA"),
        ("DATABASE_URL", "postgresql://u:secret@h:port/db", "postgresql://USER:PASSWORD@"),
        ("DATABASE_URL", "sqlite://relative", "absolute path"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_variable(
    name: str, value: str, part: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        read_environment({f"GROUPWARE_{name}": value})
    line = str(caught.value)
    assert f"GROUPWARE_{name}" in line
    assert part in line
    assert "\n" not in line
    assert "secret" not in line


def test_resolvers_are_addresses_with_or_without_a_port() -> None:
    environ = {"GROUPWARE_DNS_SERVERS": "127.0.0.1:5353, [::1]:53,192.0.2.1,[::2], 2001:db8::1"}
    assert read_environment(environ).dns_servers == (
        ("127.0.0.1", 5353),
        ("::1", 53),
        ("192.0.2.1", 53),
        ("::2", 53),
        ("2001:db8::1", 53),
    )
    assert read_environment({}).dns_servers == ()


@pytest.mark.parametrize("name", ["DEMO", "ALLOW_PLAINTEXT"])
def test_what_is_for_this_machine_only_is_refused_elsewhere(name: str) -> None:
    with pytest.raises(SettingsError, match="GROUPWARE_HOST"):
        read_environment({"GROUPWARE_HOST": "0.0.0.0", f"GROUPWARE_{name}": "1"})
    assert not read_environment({"GROUPWARE_HOST": "0.0.0.0"}).demo


def test_tls_files_must_be_there(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    variables = {"GROUPWARE_TLS_CERT": str(cert), "GROUPWARE_TLS_KEY": str(key)}
    cert.touch()
    with pytest.raises(SettingsError, match=r"GROUPWARE_TLS_KEY=.*no file"):
        read_environment(variables)
    key.touch()
    assert read_environment(variables).tls_key == key


def test_two_ports_that_are_off_do_not_clash() -> None:
    ports = read_environment({"GROUPWARE_IMAP_PORT": "0", "GROUPWARE_POP3_PORT": "0"}).ports
    assert (ports["IMAP"], ports["POP3"]) == (0, 0)


def test_public_url_follows_the_ports_and_brackets_ipv6() -> None:
    environment = read_environment({"GROUPWARE_HOST": "::1", "GROUPWARE_HTTP_PORT": "0"})
    assert environment.public_url == "https://[::1]:8443"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:////var/lib/x.db", DatabaseUrl("sqlite", "/var/lib/x.db")),
        ("sqlite:///var/a%20b.db", DatabaseUrl("sqlite", "/var/a b.db")),
        (
            "postgresql://ann:p%40ss@db.example.org:5433/team",
            DatabaseUrl("postgresql", "team", "db.example.org", 5433, "ann", "p@ss"),
        ),
        ("postgres:///team", DatabaseUrl("postgresql", "team")),
        ("postgresql://[::1]:5433/team", DatabaseUrl("postgresql", "team", "::1", 5433)),
        (
            "postgresql://ann@%2Frun%2FPostgres/team",
            DatabaseUrl("postgresql", "team", "/run/Postgres", None, "ann"),
        ),
    ],
)
def test_database_urls(url: str, expected: DatabaseUrl) -> None:
    assert read_environment({"GROUPWARE_DATABASE_URL": url}).database_url == expected


def test_data_directory_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    prepare_data_directory(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_data_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"GROUPWARE_DATA: cannot write to"):
        prepare_data_directory(tmp_path / "file" / "data")
