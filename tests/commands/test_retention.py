"""`manage.py retention`: rules, previews, runs and holds."""

import pytest
from django.core.management import CommandError

from groupware.core import directory
from groupware.core.clock import epoch
from groupware.core.models import Account
from mail.flags import FLAGGED
from mail.models import RetentionHold, RetentionRule
from mail.retention import DAY
from tests.commands.running import call, call_json
from tests.services.store import append, create, mailbox, prepared, uids_of

pytestmark = pytest.mark.django_db(transaction=True)

ANN = "ann@example.org"
INBOX = f"{ANN}/mail/INBOX"


@pytest.fixture
def ann(transactional_db: None) -> Account:
    """Return a person with three old messages in INBOX, one of them flagged, and a new one."""
    directory.create_domain("example.org")
    account = create(ANN)
    for number, flags in enumerate((0, FLAGGED, 0)):
        append(
            account,
            data=prepared(size=1024, subject=f"Letter {number}"),
            flags=flags,
            internal_date=epoch() - 100 * DAY,
        )
    append(account)
    return account


def test_rule_is_set_listed_and_removed(ann: Account) -> None:
    text = call("retention", "set", INBOX, "--days", "90", "--action", "archive")
    sentence = f"{INBOX}: messages move to Archive 90 days after their date; flagged ones stay."
    assert text.splitlines()[0] == sentence
    listed = {
        "for": INBOX,
        "days": 90,
        "action": "archive",
        "age": "received",
        "flagged": False,
        "run_at": 0,
    }
    assert call_json("retention", "list") == {"rules": [listed], "holds": []}
    assert call_json("retention", "remove", INBOX) == listed
    assert call("retention", "list") == "Nothing goes by age, and nothing is on hold."


def test_rules_reach_accounts_domains_and_everybody(ann: Account) -> None:
    for target, use, days in (
        ("all", "Trash", "30"),
        ("example.org", "Junk", "1"),
        (ANN, "Sent", "9"),
    ):
        call("retention", "set", target, "--use", use, "--days", days, "--action", "delete")
    call("retention", "set", ANN, "--use", "Trash", "--action", "keep")
    rows = [line.split() for line in call("retention", "list").splitlines()]
    assert rows == [
        ["FOR", "ACTION", "DAYS", "COUNTED", "FROM", "FLAGGED"],
        ["all", "Trash", "delete", "30", "arrived", "stay"],
        ["example.org", "Junk", "delete", "1", "arrived", "stay"],
        [ANN, "Sent", "delete", "9", "arrived", "stay"],
        [ANN, "Trash", "keep", "-", "-", "stay"],
    ]
    own = call_json("retention", "list", ANN)["rules"]
    assert [rule["for"] for rule in own] == [f"{ANN} Sent", f"{ANN} Trash"]
    inside = call_json("retention", "list", "example.org")["rules"]
    assert [rule["for"] for rule in inside] == ["example.org Junk", f"{ANN} Sent", f"{ANN} Trash"]
    call("retention", "remove", "all", "--use", "Trash")
    assert RetentionRule.objects.count() == 3


def test_words_say_what_a_rule_does(ann: Account) -> None:
    words = ("retention", "set", ANN, "--use", "Junk", "--action")
    assert "are deleted 1 day after they came into it; also flagged ones" in call(
        *words, "delete", "--days", "1", "--flagged"
    )
    assert "are deleted 2 days after their date" in call(
        *words, "delete", "--days", "2", "--age", "received"
    )
    assert "stay, whatever a wider rule says." in call(*words, "keep")


def test_preview_shows_what_would_go_and_changes_nothing(ann: Account) -> None:
    words = ("retention", "preview", INBOX, "--days", "90", "--action", "trash")
    [page] = call_json(*words)
    assert (page["messages"], page["bytes"], page["flagged"]) == (2, 2048, 1)
    assert page["mailboxes"] == [
        {"mailbox": INBOX, "messages": 2, "bytes": 2048, "flagged": 1, "on_hold": False}
    ]
    assert [row["subject"] for row in page["first"]] == ["Letter 0", "Letter 2"]
    assert set(page["first"][0]) == {
        *("mailbox", "uid", "bytes", "internal_date", "arrived_at", "from", "subject")
    }
    lines = call(*words).splitlines()
    assert (
        lines[0] == f"{INBOX}: messages move to Trash 90 days after their date; flagged ones stay."
    )
    assert lines[3].split() == [INBOX, "2", "2K", "1", "flagged", "stay"]
    assert lines[-1] == "2 messages of 2K would go now."
    assert len(uids_of(ann)) == 4
    assert not RetentionRule.objects.exists()


def test_preview_of_the_rules_that_are_set_is_what_run_does(ann: Account) -> None:
    assert "no rule to preview" in call("retention", "preview")
    call("retention", "set", "all", "--use", "INBOX", "--days", "90", "--action", "archive")
    call("retention", "set", "all", "--use", "Sent", "--days", "90", "--action", "delete")
    first, second = call_json("retention", "preview")
    assert (first["messages"], second["messages"]) == (2, 0)
    assert "That is nothing now." in call("retention", "preview", "all")
    done = call_json("retention", "run")
    assert done == {"messages": 2, "bytes": 2048, "mailboxes": {INBOX: 2}}
    assert call("retention", "run", "all") == "0 messages of 0 went."
    assert mailbox(ann, "Archive").items == 2


def test_preview_names_as_many_messages_as_fit(ann: Account) -> None:
    for _ in range(12):
        append(ann, "Sent", internal_date=epoch() - 100 * DAY)
    call("retention", "set", INBOX, "--days", "9", "--action", "trash")
    words = ("retention", "preview", "all", "--use", "Sent", "--days", "9", "--action", "trash")
    [page] = call_json(*words)
    assert (page["messages"], len(page["first"])) == (12, 10)


def test_run_of_a_target_leaves_the_other_rules_to_their_time(ann: Account) -> None:
    ben = create("ben@example.org")
    append(ben, internal_date=epoch() - 100 * DAY)
    for address in (ANN, ben.login):
        call("retention", "set", address, "--use", "INBOX", "--days", "90", "--action", "trash")
    assert call_json("retention", "run", ben.login)["messages"] == 1
    assert len(uids_of(ann)) == 4


def test_hold_keeps_and_release_lets_go(ann: Account) -> None:
    call("retention", "set", INBOX, "--days", "90", "--action", "delete", "--age", "received")
    text = call("retention", "hold", ANN, "--reason", "Case 7")
    assert text.startswith(f"{ANN} is on hold: nothing goes by age, what is expunged is kept")
    call("retention", "hold", INBOX)
    listed = call_json("retention", "list")["holds"]
    assert [(row["on"], row["reason"], row["is_gone"]) for row in listed] == [
        (ANN, "Case 7", False),
        (INBOX, "", False),
    ]
    assert "Case 7" in call("retention", "list", INBOX)
    assert call_json("account", "show", ANN)["on_hold"] == [ANN, INBOX]
    assert f"{ANN}, {INBOX}" in call("account", "show", ANN)
    assert "on hold: all stay" in call("retention", "preview", INBOX)
    assert call_json("retention", "run")["messages"] == 0
    with pytest.raises(CommandError, match="on hold"):
        call("account", "delete", ANN, "--yes")
    call("retention", "release", INBOX)
    assert call("retention", "release", ANN).startswith(f"{ANN} is on hold no more")
    assert call_json("retention", "run")["messages"] == 2
    assert not RetentionHold.objects.exists()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["set", INBOX, "--days", "3"], "--action"),
        (["set", INBOX, "--action", "trash"], "--days N"),
        (["set", ANN, "--days", "3", "--action", "trash"], "--use"),
        (["set", INBOX, "--use", "Junk", "--days", "3", "--action", "trash"], "not both"),
        (["set", INBOX, "--days", "0", "--action", "trash"], "1 to"),
        (["set", f"{ANN}/calendars/Calendar", "--days", "3", "--action", "trash"], "no mailbox"),
        (["set", f"{ANN}/mail/Nowhere", "--days", "3", "--action", "trash"], "no collection"),
        (["set", "nowhere.test", "--use", "Junk", "--days", "3", "--action", "trash"], "domain"),
        (["preview", "--days", "3", "--action", "trash"], "for whom"),
        (["remove", INBOX], "no such rule"),
        (["run"], "no rule"),
        (["release", ANN], "not on hold"),
        (["release", f"{ANN}/mail/Gone"], "not on hold"),
        (["hold", f"{ANN}/mail/Gone"], "no mailbox Gone"),
        (["hold", f"{ANN}/calendars/Calendar"], "only mail"),
        (["hold", "nobody@example.org"], "nobody@example.org"),
        (["hold", ANN, "--reason", "x" * 300], "200 characters"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_do(
    ann: Account, words: list[str], text: str
) -> None:
    with pytest.raises(CommandError, match=text):
        call("retention", *words)
