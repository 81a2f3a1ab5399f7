"""Rewritten senders lead back to where they came from, and nobody else makes one."""

import pytest

from mail.flow.srs import DAYS_VALID, SrsError, is_rewritten, restore, rewrite

SECRET = "a secret of this installation"
TODAY = 20_786
OURS = "ours.example"


@pytest.mark.parametrize(
    "sender",
    [
        "bob@there.example",
        "bob+lists=x@there.example",
        "Bob.Builder@sub.there.example",
        '"bob the builder"@there.example',
        "b=o=b@there.example",
        "jürgen@there.example",
        "bob@[192.0.2.1]",
    ],
)
def test_rewritten_sender_leads_back(sender: str) -> None:
    made = rewrite(sender, OURS, SECRET, TODAY)
    assert made.endswith("@ours.example")
    assert is_rewritten(made)
    assert restore(made, SECRET, TODAY + DAYS_VALID) == sender


def test_case_that_was_lost_on_the_way_is_no_forgery() -> None:
    made = rewrite("Bob@There.example", OURS, SECRET, TODAY)
    assert restore(made.lower(), SECRET, TODAY) == "bob@there.example"


def test_one_that_another_forwarder_rewrote_leads_back_to_that_forwarder() -> None:
    theirs = "SRS0+abcd=XY=there.example=bob@second.example"
    made = rewrite(theirs, OURS, SECRET, TODAY)
    assert made.startswith("SRS1=")
    assert restore(made, SECRET, TODAY + 500) == theirs


def test_a_chain_of_forwarders_stays_short() -> None:
    theirs = "SRS0=abcd=XY=there.example=bob@second.example"
    third = rewrite(theirs, "third.example", "their secret", TODAY)
    made = rewrite(third, OURS, SECRET, TODAY)
    assert "third.example" not in made
    assert restore(made, SECRET, TODAY) == theirs


@pytest.mark.parametrize("kind", ["bob@there.example", "SRS0=abcd=XY=t.example=bob@s.example"])
def test_what_was_not_made_here_is_refused(kind: str) -> None:
    made = rewrite(kind, OURS, SECRET, TODAY)
    forged = [
        rewrite(kind, OURS, "another secret", TODAY),
        made.replace("bob", "eve"),
        made.replace(".example=", ".other=", 1),
        made[:5] + made[6:],
        "SRS0=@ours.example",
        "SRS0=ÄÖÜ=AA=x=y@ours.example",
        "SRS1=@ours.example",
        f"SRS{'10'[int(made[3])]}{made[4:]}",
    ]
    for address in forged:
        with pytest.raises(SrsError, match="not made here"):
            restore(address, SECRET, TODAY)


def test_every_day_of_the_circle_is_valid_for_so_long() -> None:
    for day in range(TODAY, TODAY + 1024, 31):
        made = rewrite("bob@there.example", OURS, SECRET, day)
        assert restore(made, SECRET, day - 1) == "bob@there.example"
        assert restore(made, SECRET, day + DAYS_VALID) == "bob@there.example"
        for other in (day + DAYS_VALID + 1, day - 2, day + 512):
            with pytest.raises(SrsError, match="too long ago"):
                restore(made, SECRET, other)


@pytest.mark.parametrize("address", ["srs0x@ours.example", "srs2=a=b@ours.example", "", "bob"])
def test_other_addresses_are_not_taken_for_rewritten_ones(address: str) -> None:
    assert not is_rewritten(address)
    with pytest.raises(SrsError, match="not a rewritten address"):
        restore(address, SECRET, TODAY)
