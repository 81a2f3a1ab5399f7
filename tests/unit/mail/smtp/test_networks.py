"""What a network may do within a minute, and at once."""

from mail.smtp.limits import ServerLimits
from mail.smtp.networks import Networks

LIMITS = ServerLimits(
    connections=9,
    connections_before_login=9,
    idle_timeout=9,
    network_connections=2,
    connection_rate=4,
    message_rate=3,
)
HERE, THERE = "192.0.2.1", "192.0.2.2"


def test_connections_at_once_are_counted_by_network() -> None:
    networks = Networks(LIMITS)
    assert [networks.enter(HERE, 0) for _ in range(3)] == [True, True, False]
    assert networks.enter(THERE, 0)
    networks.leave(HERE)
    assert networks.enter(HERE, 0)


def test_new_connections_are_counted_by_the_minute() -> None:
    networks = Networks(LIMITS)
    for _ in range(4):
        assert networks.enter(HERE, 59)
        networks.leave(HERE)
    assert not networks.enter(HERE, 59.9)
    assert networks.enter(THERE, 59.9)
    assert networks.enter(HERE, 60)


def test_who_was_turned_away_counts_as_well() -> None:
    networks = Networks(LIMITS)
    assert [networks.enter(HERE, 0) for _ in range(4)] == [True, True, False, False]
    networks.leave(HERE)
    assert not networks.enter(HERE, 1)


def test_messages_are_counted_by_the_minute() -> None:
    networks = Networks(LIMITS)
    assert [networks.may_send(HERE, 0) for _ in range(4)] == [True, True, True, False]
    assert networks.may_send(THERE, 0)
    assert networks.may_send(HERE, 61)


def test_addresses_of_one_customer_are_one_network() -> None:
    networks = Networks(LIMITS)
    told = [networks.enter(f"2001:db8::{host}", 0) for host in range(3)]
    assert told == [True, True, False]


def test_little_is_kept_of_who_has_gone() -> None:
    networks = Networks(LIMITS)
    for number in range(200):
        networks.enter(f"198.51.100.{number}", 0)
        networks.leave(f"198.51.100.{number}")
    assert not networks._open
    networks.may_send(HERE, 60)
    assert len(networks._connections) + len(networks._messages) == 1
