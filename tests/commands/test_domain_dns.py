"""`domain dkim` and `domain dns`: keys, the records wanted, and what the DNS says instead."""

import json
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import dns.rdatatype
import dns.zone
import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings as Configured

from groupware.core import directory, limits
from groupware.core import dns as resolver
from groupware.core.clock import monotonic
from mail import records
from tests.commands.running import call, call_json
from tests.conftest import SetLimit
from tests.mailflow.dns import Dns, serving_dns

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def team(db: None, settings: Configured, tmp_path: Path) -> None:
    settings.GROUPWARE_DATA = tmp_path
    settings.GROUPWARE_PUBLIC_URL = "https://mail.example.org"
    directory.create_domain("example.org")


@pytest.fixture
def zone(settings: Configured) -> Iterator[Dns]:
    resolver.forget_answers()
    with serving_dns() as served:
        settings.GROUPWARE_DNS_SERVERS = served.servers
        yield served
    resolver.forget_answers()


def publish(served: Dns) -> None:
    """Put into the DNS what the command prints."""
    lines = call("domain", "dns", "example.org")
    zone = dns.zone.from_text(lines, "example.org.", relativize=False, check_origin=False)
    for name, _ttl, rdata in zone.iterate_rdatas():
        served.add(name.to_text(), dns.rdatatype.to_text(rdata.rdtype), rdata.to_text())


def check() -> dict[str, str]:
    """Return the status of each record."""
    out = StringIO()
    with suppress(CommandError):  # what is wrong is its exit code
        call_command("domain", "dns", "example.org", "--check", "--json", stdout=out)
    found: list[dict[str, Any]] = json.loads(out.getvalue())
    return {f"{held['kind']} {held['name']}": held["status"] for held in found}


def test_the_first_call_makes_a_key_and_prints_what_the_dns_is_to_have() -> None:
    text = call("domain", "dkim", "example.org", "--selector", "s1")
    assert "s1        rsa        active" in text
    assert 's1._domainkey.example.org.\t3600\tIN\tTXT\t"v=DKIM1; k=rsa; p=MIIB' in text
    for wanted in (
        "example.org.\t3600\tIN\tMX\t10 mail.example.org.",
        'example.org.\t3600\tIN\tTXT\t"v=spf1 mx -all"',
        '_dmarc.example.org.\t3600\tIN\tTXT\t"v=DMARC1; p=quarantine;',
        '_mta-sts.example.org.\t3600\tIN\tTXT\t"v=STSv1; id=',
        '_smtp._tls.example.org.\t3600\tIN\tTXT\t"v=TLSRPTv1;',
        "autoconfig.example.org.\t3600\tIN\tCNAME\tmail.example.org.",
        "_submissions._tcp.example.org.\t3600\tIN\tSRV\t0 1 465 mail.example.org.",
        "_imaps._tcp.example.org.\t3600\tIN\tSRV\t0 1 993 mail.example.org.",
        "_caldavs._tcp.example.org.\t3600\tIN\tSRV\t0 1 443 mail.example.org.",
        "_carddavs._tcp.example.org.\t3600\tIN\tSRV\t0 1 443 mail.example.org.",
        "_caldav._tcp.example.org.\t3600\tIN\tSRV\t0 0 0 .",
        "_carddav._tcp.example.org.\t3600\tIN\tSRV\t0 0 0 .",
        "autodiscover.example.org.\t3600\tIN\tCNAME\tmail.example.org.",
        "_autodiscover._tcp.example.org.\t3600\tIN\tSRV\t0 1 443 mail.example.org.",
    ):
        assert wanted in text
    assert "PRIVATE" not in text


def test_a_key_is_changed_in_three_steps() -> None:
    call("domain", "dkim", "example.org", "--selector", "one")
    assert call("domain", "dkim", "example.org").count("_domainkey") == 1, "no other one is made"
    text = call("domain", "dkim", "example.org", "--rotate", "--selector", "two")
    assert "two       rsa        waiting" in text
    assert text.endswith("domain dkim example.org --use two")
    assert "one       rsa        retired" in call("domain", "dkim", "example.org", "--use", "two")
    keys = call_json("domain", "dkim", "example.org", "--drop", "one")["keys"]
    assert [(key["selector"], key["state"]) for key in keys] == [("two", "active")]
    with pytest.raises(CommandError, match="one at a time"):
        call("domain", "dkim", "example.org", "--use", "two", "--drop", "two")


def test_what_is_turned_off_or_elsewhere_is_told_so(settings: Configured) -> None:
    settings.GROUPWARE_PORTS = settings.GROUPWARE_PORTS | {"POP3": 0, "IMAPS": 10_993}
    wanted = {f"{held.kind} {held.name}": held.value for held in records.list_wanted("example.org")}
    assert wanted["SRV _pop3._tcp.example.org"] == "0 0 0 ."
    assert wanted["SRV _imaps._tcp.example.org"] == "0 1 10993 mail.example.org."


def test_a_smarthost_may_send_too(settings: Configured) -> None:
    settings.GROUPWARE_SMARTHOST_URL = "smtps://user:secret@relay.example:465"
    assert "v=spf1 mx a:relay.example -all" in call("domain", "dns", "example.org")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]"])
def test_a_server_without_a_name_is_called_mail(settings: Configured, url: str) -> None:
    settings.GROUPWARE_PUBLIC_URL = url
    settings.GROUPWARE_DOMAIN = "example.org"
    assert records.mail_host() == "mail.example.org"


def test_what_was_printed_and_published_is_ok(zone: Dns) -> None:
    call("domain", "dkim", "example.org", "--selector", "s1")
    assert set(check().values()) == {"missing"}
    publish(zone)
    zone.add("mail.example.org", "A", "192.0.2.1")
    zone.add("1.2.0.192.in-addr.arpa", "PTR", "mail.example.org.")
    found = check()
    assert set(found.values()) == {"ok"}
    assert {"A mail.example.org", "PTR 1.2.0.192.in-addr.arpa"} <= found.keys()
    text = call("domain", "dns", "example.org", "--check")
    assert "ok  MX" in text


def test_what_is_different_is_told(zone: Dns) -> None:
    call("domain", "dkim", "example.org", "--selector", "s1")
    zone.add("example.org", "MX", "10 mx.provider.example.")
    zone.add_txt("example.org", "v=spf1 include:provider.example -all")
    zone.add_txt("example.org", "a word for somebody else")
    zone.add_txt("s1._domainkey.example.org", "v=DKIM1; p=AAAA")
    zone.add_txt("_dmarc.example.org", "v=DMARC1; p=none")
    zone.add("mail.example.org", "A", "192.0.2.1")
    zone.add("autoconfig.example.org", "A", "192.0.2.1")
    zone.add("mta-sts.example.org", "A", "192.0.2.9")
    zone.add("_imaps._tcp.example.org", "SRV", "10 9 993 mail.example.org.")
    zone.fail("_mta-sts.example.org")
    statuses = check()
    with pytest.raises(CommandError, match="records are not as they should be"):
        call("domain", "dns", "example.org", "--check")
    assert statuses["MX example.org"] == "different"
    assert statuses["TXT example.org"] == "different"
    assert statuses["TXT s1._domainkey.example.org"] == "different"
    assert statuses["TXT _dmarc.example.org"] == "ok", "the policy is the domain's choice"
    assert statuses["CNAME autoconfig.example.org"] == "ok", "the same address is as good"
    assert statuses["CNAME mta-sts.example.org"] == "different"
    assert statuses["SRV _imaps._tcp.example.org"] == "ok"
    assert statuses["TXT _mta-sts.example.org"] == "unknown"


def test_a_domain_that_is_not_there_is_refused() -> None:
    for command in ("dns", "dkim"):
        with pytest.raises(CommandError, match="There is no domain"):
            call("domain", command, "other.example")


@pytest.mark.parametrize(
    ("address", "kind", "pointer"),
    [
        ("192.0.2.1", "A", "1.2.0.192.in-addr.arpa"),
        ("2001:db8::1", "AAAA", "1." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa"),
    ],
)
def test_name_of_the_mail_hosts_address_has_to_lead_back_to_it(
    zone: Dns, settings: Configured, address: str, kind: str, pointer: str
) -> None:
    settings.GROUPWARE_HOST = address
    where, back = f"{kind} mail.example.org", f"PTR {pointer}"
    assert f"mail.example.org.\t3600\tIN\t{kind}\t{address}" in call("domain", "dns", "example.org")
    assert (check()[where], back in check()) == ("missing", False)
    zone.add("mail.example.org", kind, "192.0.2.9" if kind == "A" else "2001:db8::9")
    assert check()[where] == "different"
    zone.add("mail.example.org", kind, address)
    assert (check()[where], check()[back]) == ("ok", "missing")
    zone.add(pointer, "PTR", "customer.provider.example.")
    assert check()[back] == "different"
    zone.fail("customer.provider.example")
    assert check()[back] == "unknown"
    zone.recover("customer.provider.example")
    zone.add("customer.provider.example", kind, address)
    assert check()[back] == "ok"
    settings.GROUPWARE_SMARTHOST_URL = "smtp://relay.example:587"
    assert back not in check()


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1", "::", "localhost"])
def test_address_that_is_not_known_is_a_comment(settings: Configured, host: str) -> None:
    settings.GROUPWARE_HOST = host
    text = call("domain", "dns", "example.org")
    assert "; mail.example.org.\t3600\tIN\tA\tthe address of this server" in text


def test_a_dns_that_says_nothing_is_waited_for_once(zone: Dns, set_limit: SetLimit) -> None:
    set_limit(limits.DNS_TIMEOUT, 2.0)
    wanted = records.list_wanted("example.org")
    for record in wanted:
        zone.ignore(record.name)
    before = monotonic()
    assert {held.status for held in records.check_all(wanted)} == {"unknown"}
    assert monotonic() - before < len(wanted)
