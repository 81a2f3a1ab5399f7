"""Results of SPF that are believed for a moment."""

import pytest

from groupware.core.clock import monotonic
from mail.authentication import senders
from mail.authentication.lookups import Lookups
from mail.authentication.senders import judge_sender
from mail.authentication.spf import SpfResult, check_sender
from tests.mailflow.dns import Dns
from tests.services.mail.authentication.samples import PEER


def result(peer: str = PEER, mail_from: str = "ann@a.example") -> str:
    found = judge_sender(Lookups(10.0), peer=peer, helo="mx.sender.example", mail_from=mail_from)
    return found.result


def test_who_sends_many_messages_is_judged_once_in_a_while(
    zone: Dns, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone.add_txt("a.example", f"v=spf1 ip4:{PEER} -all")
    assert result() == "pass"
    judged: list[str] = []

    def check(lookups: Lookups, *, peer: str, helo: str, mail_from: str) -> SpfResult:
        judged.append(peer)
        return check_sender(lookups, peer=peer, helo=helo, mail_from=mail_from)

    monkeypatch.setattr(senders, "check_sender", check)
    assert result() == "pass"
    assert judged == []
    assert result("192.0.2.77") == "fail"
    assert judged == ["192.0.2.77"]
    assert result(mail_from="ben@a.example") == "pass"
    later = monotonic() + senders.KEPT_SECONDS
    monkeypatch.setattr(senders, "monotonic", lambda: later)
    assert result() == "pass"
    assert judged == ["192.0.2.77", PEER, PEER]


def test_what_the_dns_did_not_tell_is_asked_again(zone: Dns) -> None:
    zone.fail("a.example")
    assert result() == "temperror"
    zone.recover("a.example")
    zone.add_txt("a.example", f"v=spf1 ip4:{PEER} -all")
    assert result() == "pass"


def test_results_that_are_kept_are_bounded(zone: Dns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(senders, "MOST_KEPT", 3)
    kept = senders.Results()
    for number in range(5):
        kept.keep((PEER, "mx", str(number)), SpfResult("pass"))
    assert len(kept) == 3
    assert [kept.find((PEER, "mx", str(number))) is not None for number in range(5)] == [
        *[False] * 2,
        *[True] * 3,
    ]
