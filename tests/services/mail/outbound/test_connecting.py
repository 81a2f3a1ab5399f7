"""Connections to other servers: which address, what TLS, what is said first."""

import contextlib
import socket
import ssl
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from groupware.core import limits
from mail.flow.relays import Relay, parse_relay
from mail.flow.replies import Reply, Unreachable
from mail.outbound import mtasts
from mail.outbound.client import Client
from mail.outbound.connecting import Connection, NextHop, connect
from mail.outbound.mtasts import Policy
from mail.outbound.transport import FAILED
from tests.conftest import SetLimit
from tests.mailflow.certificates import certificate_of
from tests.mailflow.dns import Dns
from tests.mailflow.peers import CLOSE, SILENCE, Peer, serving_peer

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("own_data", "fresh_handshakes", "quick"),
]

HOP = NextHop("other.test")


def opened(hop: NextHop = HOP) -> Connection:
    found = connect(hop, lambda _client: None)
    found.client.leave()
    return found


def unreachable(hop: NextHop = HOP) -> Reply:
    with pytest.raises(Unreachable) as caught:
        opened(hop)
    assert not caught.value.reply.is_final
    return caught.value.reply


def is_encrypted(client: Client) -> bool:
    return "starttls" not in client.esmtp_features


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """Return a certificate of mx.other.test, which nobody trusts."""
    return certificate_of(tmp_path / "peer", "mx.other.test")


@pytest.fixture
def trusted(certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust that certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))


@pytest.fixture
def secure(peer: Peer, certificate: tuple[Path, ssl.SSLContext]) -> Peer:
    """Return the peer, with TLS."""
    peer.tls = certificate[1]
    return peer


@pytest.fixture
def policy(monkeypatch: pytest.MonkeyPatch) -> dict[str, Policy]:
    """Return the policies that domains have, by domain; how they are had is test_mtasts's."""
    found: dict[str, Policy] = {}
    monkeypatch.setattr(mtasts, "find_policy", found.get)
    return found


def test_tls_is_taken_where_it_is_offered_whatever_the_certificate(secure: Peer) -> None:
    assert is_encrypted(opened().client)
    assert [line.split()[0].upper() for line in secure.commands[:3]] == ["EHLO", "STARTTLS", "EHLO"]


def test_a_server_without_tls_is_spoken_to_without(peer: Peer) -> None:
    opened()
    assert peer.said("STARTTLS") == []


def test_a_server_that_refuses_starttls_is_spoken_to_without(secure: Peer) -> None:
    secure.say("STARTTLS", "454 4.7.0 not now")
    assert not is_encrypted(opened().client)
    assert len(secure.connections) == 1


@pytest.mark.parametrize("reply", [CLOSE, "220 go on\r\n250 injected"])
def test_where_tls_fails_the_next_connection_has_none_and_that_is_kept(
    secure: Peer, reply: str
) -> None:
    secure.say("STARTTLS", reply)
    opened()
    assert len(secure.connections) == 2
    assert len(secure.said("STARTTLS")) == 1
    opened()
    assert (len(secure.connections), len(secure.said("STARTTLS"))) == (3, 1)
    FAILED.forget()
    opened()
    assert len(secure.said("STARTTLS")) == 2


def test_who_knows_no_ehlo_is_told_helo(peer: Peer) -> None:
    peer.say("EHLO", "502 5.5.1 what")
    opened()
    assert [line.split()[0].upper() for line in peer.commands[:2]] == ["EHLO", "HELO"]


def test_a_server_with_an_address_for_a_name_greets_with_a_literal(
    peer: Peer, settings: Settings
) -> None:
    settings.GROUPWARE_DOMAIN = "192.0.2.7"
    opened()
    assert peer.commands[0].split()[1] == "[192.0.2.7]"


def test_the_next_server_is_tried_where_one_is_not_there(peer: Peer, dns: Dns) -> None:
    dns.add("two.test", "MX", "10 gone.two.test.", "20 busy.two.test.", "30 mx.other.test.")
    dns.add("gone.two.test", "A", "127.0.0.77")
    dns.add("busy.two.test", "A", "127.0.0.78")
    with serving_peer("127.0.0.78", peer.port) as busy:
        busy.say("GREETING", "554 5.3.2 no")
        assert opened(NextHop("two.test")).host == "mx.other.test"
        assert len(busy.connections) == 1


def test_a_server_that_only_waits_is_left_in_time(peer: Peer, set_limit: SetLimit) -> None:
    set_limit(limits.QUEUE_COMMAND_TIMEOUT, 0.2)
    peer.say("GREETING", SILENCE)
    assert unreachable().text.startswith("It took too long mx.other.test [127.0.0.2]:")


def test_a_reply_without_an_end_is_none(peer: Peer) -> None:
    peer.say("GREETING", *["\r\n".join(["220-more"] * 300)])
    assert "no reply of SMTP" in unreachable().text
    peer.say("GREETING", "220 " + "x" * 10_000)
    assert unreachable().status == "4.4.1"


def test_nobody_there_is_said_with_the_address(dns: Dns, settings: Settings) -> None:
    settings.GROUPWARE_MX_PORT = 9
    dns.add("other.test", "A", "127.0.0.77")
    reply = unreachable()
    assert (reply.code, reply.status) == (0, "4.4.1")
    assert reply.text == "Connection refused other.test [127.0.0.77]:9"


ENFORCED = Policy("enforce", ("mx.other.test",), 86_400)


@pytest.mark.usefixtures("trusted")
def test_a_policy_that_is_enforced_wants_a_valid_certificate(
    secure: Peer, policy: dict[str, Policy]
) -> None:
    policy["other.test"] = ENFORCED
    assert is_encrypted(opened().client)


def test_without_a_valid_certificate_nothing_goes_where_a_policy_is_enforced(
    secure: Peer, policy: dict[str, Policy]
) -> None:
    policy["other.test"] = ENFORCED
    reply = unreachable()
    assert reply.status == "4.7.5"
    assert "self-signed certificate" in reply.text
    assert secure.said("MAIL") == []
    assert len(secure.connections) == 1


def test_without_tls_nothing_goes_where_a_policy_is_enforced(
    peer: Peer, policy: dict[str, Policy]
) -> None:
    policy["other.test"] = ENFORCED
    assert "has no TLS, which is required" in unreachable().text


@pytest.mark.usefixtures("trusted")
def test_only_servers_of_an_enforced_policy_are_spoken_to(
    secure: Peer, policy: dict[str, Policy]
) -> None:
    policy["other.test"] = Policy("enforce", ("mx.elsewhere.test",), 86_400)
    reply = unreachable()
    assert (reply.status, secure.connections) == ("4.7.5", [])


@pytest.mark.parametrize("mx", ["mx.other.test", "elsewhere.test"])
def test_a_policy_in_test_hinders_nothing(secure: Peer, policy: dict[str, Policy], mx: str) -> None:
    policy["other.test"] = Policy("testing", (mx,), 86_400)
    assert is_encrypted(opened().client)
    secure.tls = None
    opened()


def relay_to(peer: Peer, rest: str = "", user: str = "") -> NextHop:
    return NextHop("other.test", parse_relay(f"smtp://{user}mx.other.test:{peer.port}{rest}"))


@pytest.mark.usefixtures("trusted")
def test_a_relay_is_told_a_password_within_tls(secure: Peer) -> None:
    secure.features = ["AUTH PLAIN LOGIN"]
    secure.say("AUTH", "235 2.7.0 welcome")
    opened(relay_to(secure, user="ann%40x:pass@"))
    assert secure.said("AUTH") == ["AUTH PLAIN AGFubkB4AHBhc3M="]


def test_a_relay_whose_certificate_is_not_valid_gets_nothing(secure: Peer) -> None:
    reply = unreachable(relay_to(secure, user="ann:pass@"))
    assert reply.status == "4.7.5"
    assert secure.said("AUTH") == []
    unreachable(NextHop("other.test", Relay("mx.other.test", secure.port, "tls")))


def test_a_relay_may_be_spoken_to_without_a_valid_certificate_where_that_was_asked_for(
    secure: Peer,
) -> None:
    assert is_encrypted(opened(relay_to(secure, "?tls=opportunistic")).client)
    secure.say("STARTTLS", CLOSE)
    assert not is_encrypted(opened(relay_to(secure, "?tls=opportunistic")).client)
    opened(relay_to(secure, "?tls=none"))


@pytest.mark.parametrize(
    ("features", "reply", "status"),
    [
        (["AUTH PLAIN"], "535 5.7.8 wrong", "4.7.8"),
        (["AUTH X-OTHER"], "", "4.4.1"),
        ([], "", "4.7.0"),
    ],
)
def test_a_relay_that_lets_nobody_in_is_tried_again(
    peer: Peer, features: list[str], reply: str, status: str
) -> None:
    peer.features = features
    if reply:
        peer.say("AUTH", reply, reply)
    assert unreachable(relay_to(peer, "?tls=none", "ann:pass@")).status == status


def test_a_relay_with_tls_from_the_first_octet(
    dns: Dns, certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    dns.add("mx.other.test", "A", "127.0.0.2")
    with serving_peer(tls=certificate[1], is_implicit=True) as peer:
        opened(NextHop("x", Relay("mx.other.test", peer.port, "tls")))
        assert peer.commands[0].split()[0].upper() == "EHLO"
        assert peer.said("STARTTLS") == []


def test_an_address_that_does_not_answer_is_left_in_time(
    dns: Dns, settings: Settings, set_limit: SetLimit
) -> None:
    set_limit(limits.QUEUE_CONNECT_TIMEOUT, 0.2)
    dns.add("other.test", "A", "127.0.0.2")
    with socket.socket() as full, contextlib.ExitStack() as waiting:
        full.bind(("127.0.0.2", 0))
        full.listen(0)
        settings.GROUPWARE_MX_PORT = full.getsockname()[1]
        for _ in range(4):  # whose connections nobody takes: there is room for no more
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        assert unreachable().text.startswith("It took too long other.test")
