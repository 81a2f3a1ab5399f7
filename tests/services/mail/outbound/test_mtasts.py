"""Policies of RFC 8461: read, fetched, kept, and outliving what announces them."""

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from groupware.core import dialing
from groupware.core.clock import epoch
from groupware.core.dns import forget_answers
from mail.models import TransportPolicy
from mail.outbound.mtasts import (
    MAX_AGE,
    BadPolicy,
    Policy,
    find_policy,
    parse_policy,
    parse_record,
)
from mail.services import policies
from tests.mailflow.certificates import certificate_of
from tests.mailflow.dns import Dns
from tests.services.web import Web, serving

POLICY = (
    b"version: STSv1\r\nmode: enforce\r\nmx: mx.other.test\r\nmx: *.mail.test\r\nmax_age: 86400\r\n"
)
PATH = "/.well-known/mta-sts.txt"
RECORD = "_mta-sts.other.test"


def test_a_policy_says_its_mode_its_servers_and_how_long_it_lasts() -> None:
    assert parse_policy(POLICY) == Policy("enforce", ("mx.other.test", "*.mail.test"), 86_400)
    assert parse_policy(b"version:STSv1\nmode:none\nmax_age:1\nextra: x\n") == Policy("none", (), 1)
    assert parse_policy(POLICY.replace(b"86400", b"9999999999")).max_age == MAX_AGE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        POLICY.replace(b"STSv1", b"STSv2"),
        POLICY.replace(b"enforce", b"strict"),
        POLICY.replace(b"86400", b"-1"),
        POLICY.replace(b"mx: mx.other.test\r\nmx: *.mail.test\r\n", b""),
        POLICY + b"mx: a.test\n" * 200,
        b"<html>sign in</html>",
    ],
)
def test_what_is_no_policy_is_none(data: bytes) -> None:
    with pytest.raises(BadPolicy):
        parse_policy(data)


@given(st.binary(max_size=500))
def test_garbage_is_a_policy_or_none(data: bytes) -> None:
    try:
        policy = parse_policy(data)
    except BadPolicy:
        return
    assert policy.mode in ("enforce", "testing", "none")


@pytest.mark.parametrize(
    ("host", "matches"),
    [
        ("mx.other.test", True),
        ("MX.other.test", True),
        ("a.mail.test", True),
        ("a.b.mail.test", False),
        ("mail.test", False),
        ("other.test", False),
    ],
)
def test_a_star_stands_for_one_label(host: str, matches: bool) -> None:
    assert parse_policy(POLICY).matches(host) is matches


@pytest.mark.parametrize(
    ("records", "policy_id"),
    [
        ([b"v=STSv1; id=20261129T1;"], "20261129T1"),
        ([b"v=spf1 -all", b"v=STSv1;id=a"], "a"),
        ([b"v=STSv1; id=a", b"v=STSv1; id=b"], None),
        ([b"v=STSv1; id=not-an-id"], None),
        ([b"v=STSv10; id=a"], None),
        ([], None),
    ],
)
def test_one_record_announces_a_policy(records: list[bytes], policy_id: str | None) -> None:
    assert parse_record(records) == policy_id


@pytest.fixture
def web(
    settings: Settings, dns: Dns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Web]:
    """Return the web server of mta-sts.other.test, which a resolver of the test's leads to."""
    settings.GROUPWARE_SOURCE_NETWORKS = (ipaddress.ip_network("127.0.0.0/8"),)
    cert, context = certificate_of(tmp_path / "web", "mta-sts.other.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    with serving(context) as found:
        address = found.server.server_address

        def resolve(host: str, port: int) -> list[tuple[int, Any]]:
            assert (host, port) == ("mta-sts.other.test", 443)
            return [(2, address)]

        monkeypatch.setattr(dialing, "_resolve", resolve)
        yield found


def announce(dns: Dns, policy_id: str) -> None:
    dns.remove(RECORD, "TXT")
    dns.add_txt(RECORD, f"v=STSv1; id={policy_id};")
    forget_answers()


def pass_time(seconds: int) -> None:
    """Let so long have passed since everything that is kept."""
    for row in TransportPolicy.objects.all():
        TransportPolicy.objects.filter(pk=row.pk).update(
            checked_at=row.checked_at - seconds,
            fetched_at=row.fetched_at - seconds,
            expires_at=row.expires_at - seconds,
        )


pytestmark_db = pytest.mark.django_db(transaction=True)


@pytestmark_db
def test_a_domain_without_a_record_has_no_policy_and_no_row(dns: Dns) -> None:
    assert find_policy("other.test") is None
    assert not TransportPolicy.objects.exists()


@pytestmark_db
def test_a_policy_is_fetched_once_and_kept(dns: Dns, web: Web) -> None:
    announce(dns, "1")
    web.page(PATH, POLICY)
    for _ in range(3):
        found = find_policy("other.test")
        assert found is not None
        assert (found.mode, found.mx) == ("enforce", ("mx.other.test", "*.mail.test"))
    assert [path for path, _ in web.asked] == [PATH]
    pass_time(4_000)
    find_policy("other.test")
    assert len(web.asked) == 1, "the record says the same id"
    announce(dns, "2")
    web.page(PATH, POLICY.replace(b"enforce", b"testing"))
    find_policy("other.test")
    assert len(web.asked) == 1, "it was looked at a moment ago"
    pass_time(4_000)
    found = find_policy("other.test")
    assert found is not None
    assert found.mode == "testing"


@pytestmark_db
def test_a_policy_outlives_its_record_and_ends_with_its_age(dns: Dns, web: Web) -> None:
    announce(dns, "1")
    web.page(PATH, POLICY)
    assert find_policy("other.test") is not None
    dns.remove(RECORD, "TXT")
    forget_answers()
    pass_time(4_000)
    found = find_policy("other.test")
    assert found is not None
    assert found.mode == "enforce"
    dns.fail(RECORD)
    forget_answers()
    pass_time(4_000)
    assert find_policy("other.test") is not None
    pass_time(86_400)
    assert find_policy("other.test") is None


@pytestmark_db
def test_a_policy_that_cannot_be_fetched_leaves_the_one_before_in_force(dns: Dns, web: Web) -> None:
    announce(dns, "1")
    web.page(PATH, POLICY)
    assert find_policy("other.test") is not None
    announce(dns, "2")
    web.page(PATH, status=500)
    pass_time(4_000)
    found = find_policy("other.test")
    assert found is not None
    assert found.mode == "enforce"


@pytestmark_db
@pytest.mark.parametrize("status", [404, 301])
def test_without_a_policy_mail_goes_as_any_and_it_is_asked_for_again_later(
    dns: Dns, web: Web, status: int
) -> None:
    announce(dns, "1")
    web.page(PATH, status=status, Location="https://mta-sts.other.test/elsewhere")
    web.page("/elsewhere", POLICY)
    for _ in range(3):
        assert find_policy("other.test") is None
    assert [path for path, _ in web.asked] == [PATH], "a redirect is not followed"
    web.page(PATH, POLICY)
    pass_time(301)
    assert find_policy("other.test") is not None


@pytestmark_db
def test_a_policy_is_fetched_again_each_day(dns: Dns, web: Web) -> None:
    announce(dns, "1")
    web.page(PATH, POLICY.replace(b"86400", b"604800"))
    find_policy("other.test")
    pass_time(90_000)
    find_policy("other.test")
    assert len(web.asked) == 2


@pytestmark_db
def test_what_says_nothing_any_more_is_forgotten(db: None) -> None:
    now = epoch()
    for domain, expires_at in (("old.test", now - 90_000), ("young.test", now + 5)):
        policies.keep_policy(policies.KeptPolicy(domain, "1", "none", expires_at=expires_at))
    assert policies.forget_expired() == 1
    assert policies.find_policy("old.test") is None
