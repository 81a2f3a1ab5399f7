"""Laws of rewritten senders and of notifications, whatever addresses and messages are like."""

import email
from email.message import Message
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.flow.dsn import (
    DELAYED,
    DELIVERED,
    EXPANDED,
    FAILED,
    RELAYED,
    By,
    Original,
    Outcome,
    build_dsn,
)
from mail.flow.envelopes import EnvelopeRecipient
from mail.flow.srs import SrsError, is_rewritten, restore, rewrite

SECRET = "of these tests"
BY = By("mx.ours.example", "postmaster@ours.example", 1_796_000_000, "0123456789abcdef")

atoms = st.text("abzAZ09!#$%&'*+-/=?^_`{|}~üß", min_size=1, max_size=12)
local_parts = st.lists(atoms, min_size=1, max_size=3).map(".".join) | st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=("Cc", "Cs")),
    min_size=1,
    max_size=20,
).map(lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')
domains = st.sampled_from(
    ["there.example", "a.b.c.example", "xn--bcher-kva.example", "[192.0.2.1]"]
)
senders = st.builds("{}@{}".format, local_parts, domains)
days = st.integers(0, 100_000)


def unquoted(address: str) -> str:
    """Return an address in the one form that it has here: quoted only where it must be."""
    return restore(rewrite(address, "ours.example", SECRET, 0), SECRET, 0)


@given(senders, days)
def test_what_is_rewritten_leads_back(sender: str, day: int) -> None:
    made = rewrite(sender, "ours.example", SECRET, day)
    assert is_rewritten(made)
    assert made.endswith("@ours.example")
    back = restore(made, SECRET, day)
    assert back.rpartition("@")[2] == sender.rpartition("@")[2]
    assert back in {sender, unquoted(sender)}
    assert unquoted(back) == unquoted(sender)


@given(senders, days, st.integers(1, 4))
def test_a_chain_of_forwarders_leads_back_step_by_step(sender: str, day: int, hops: int) -> None:
    first = rewrite(sender, "first.example", "its secret", day)
    made = first
    for hop in range(hops):
        made = rewrite(made, f"hop{hop}.example", SECRET, day)
    assert restore(made, SECRET, day) == first


@given(senders, days)
def test_another_secret_makes_none_of_ours(sender: str, day: int) -> None:
    with pytest.raises(SrsError):
        restore(rewrite(sender, "ours.example", "another", day), SECRET, day)


@given(st.text(max_size=80) | st.text(max_size=60).map(lambda text: f"SRS0={text}@ours.example"))
def test_garbage_is_refused_and_nothing_worse(address: str) -> None:
    is_rewritten(address)
    with pytest.raises(SrsError):
        restore(address, SECRET, 1)


outcomes = st.lists(
    st.builds(
        Outcome,
        st.builds(EnvelopeRecipient, st.text(max_size=40), st.just(""), st.text(max_size=40)),
        st.sampled_from([FAILED, DELAYED, DELIVERED, RELAYED, EXPANDED]),
        st.just("5.1.1"),
        st.text(max_size=200),
        st.sampled_from(["", "mx.there.example"]),
        st.integers(0, 2**31),
        st.integers(0, 2**31),
    ),
    min_size=1,
    max_size=4,
)


@given(
    outcomes,
    st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"Subject: {text}".encode()),
    st.sampled_from(["", "FULL", "HDRS"]),
    st.text("+0123456789ABCDEFxyz=", max_size=40),
)
def test_any_notification_is_mail_that_every_server_takes(
    told: list[Outcome], data: bytes, ret: str, envid: str
) -> None:
    original = Original("ann@there.example", ret, envid, 1, data, data)
    built = build_dsn(original, told, BY)
    assert b"\0" not in built
    assert b"\n" not in built.replace(b"\r\n", b"")
    assert b"\r" not in built.replace(b"\r\n", b"")
    assert all(len(line) <= 998 for line in built.split(b"\r\n"))
    found = email.message_from_bytes(built)
    parts = cast("list[Message]", found.get_payload())
    assert len(parts) == 3
    status = cast("list[Message]", parts[1].get_payload())
    assert len(status) == 1 + len(told)
    assert [group["Action"] for group in status[1:]] == [outcome.action for outcome in told]
    if b"8bit" not in built:
        assert built.isascii()
